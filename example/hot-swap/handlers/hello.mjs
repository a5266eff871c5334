export default async function hello(request) {
  return { hello: request.query.name ?? 'world' }
}
