/**
 * Loads each module of this package. In the published files a module is run when something first uses it
 * (scripts/bundle.mjs), so that a server boots quickly; they put all of them here. Among the compiled sources, where
 * Node has loaded all that is imported, there is nothing to do.
 */
export const MODULES: ReadonlyArray<() => unknown> = []
