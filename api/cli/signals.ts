// Ctrl-C and its relatives go to whoever asked last: a command that has to end things in order takes them over from the
// default, which interrupts the command.

export type SignalHandler = (signal: NodeJS.Signals) => void

const handlers: Array<SignalHandler> = []

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => handlers.at(-1)?.(signal))
}

/** Gives the function that takes the handler away again. */
export const onSignal = (handler: SignalHandler): (() => void) => {
  handlers.push(handler)
  return () => {
    const index = handlers.lastIndexOf(handler)
    if (index >= 0) handlers.splice(index, 1)
  }
}
