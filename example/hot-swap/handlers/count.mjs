// The module is loaded anew at each swap, so what it keeps begins again.
let requests = 0

export default async function count() {
  return { requests: ++requests }
}
