/** Long lists without keeping the event loop from everybody else's requests. */
import * as Effect from "effect/Effect"

const atATime = 50

/** `items.map(work)`, letting others have their turn now and then. */
export const inTurns = Effect.fnUntraced(function* <Item, Done>(
  items: ReadonlyArray<Item>,
  work: (item: Item, index: number) => Done,
) {
  const done: Array<Done> = []
  for (const [index, item] of items.entries()) {
    if (index > 0 && index % atATime === 0) yield* Effect.yieldNow
    done.push(work(item, index))
  }
  return done
})
