// The app alone.
import { createApp, listen } from './app.js'

listen(createApp())
