import * as Command from "effect/cli/Command"
export const schema = Command.make("schema")
