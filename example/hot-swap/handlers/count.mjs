// Each swap loads the module again, so the count begins again.
let requests = 0

export default async function count() {
  return { requests: ++requests }
}
