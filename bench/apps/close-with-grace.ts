// The app with close-with-grace, which closes it on SIGTERM.
import closeWithGrace from 'close-with-grace'
import { createApp, listen } from './app.js'

const app = createApp()
closeWithGrace({ logger: false }, async () => app.close())
listen(app)
