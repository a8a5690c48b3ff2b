/** All that goes on by itself: from what happens to those who hear of it. */
import * as Layer from "effect/Layer"
import * as Dispatcher from "./dispatcher.ts"
import * as Limits from "./limits.ts"
import * as Sender from "./sender.ts"

export const webhooks = Layer.merge(Dispatcher.layer, Limits.layer).pipe(Layer.provideMerge(Sender.layer))
