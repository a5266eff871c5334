/**
 * How long a stop may take. Milliseconds. Together with 15 seconds they are the `terminationGracePeriodSeconds` of
 * manifests/deployment.yaml.
 */
export const limits = {
  // After SIGTERM, proxies still send new connections, until all of them know that the pod is terminating.
  lameDuck: 10_000,
  // After that, for the requests in progress.
  drainTimeout: 20_000,
  // At last, for the onClose hooks.
  closeTimeout: 5_000
}
