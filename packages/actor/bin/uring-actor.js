#!/usr/bin/env node
// Here and not compiled, so that it can be linked before anything is built.
import '../dist/command/main.js'
