#!/usr/bin/env node
import { launch } from './launch.js'

void launch(process.argv.slice(2))
