import { BALANCE } from './balance/kind.js'
import { CONNECTION } from './connection/kind.js'
import type { AnyKind } from './kind.js'
import { LAUNCHER } from './launcher/kind.js'
import { SERVER } from './server/kind.js'

/** All that is simulated. */
export const KINDS: readonly AnyKind[] = [SERVER, LAUNCHER, CONNECTION, BALANCE]
