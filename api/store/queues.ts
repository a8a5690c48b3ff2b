/** Where what is to be done later waits: effect's queues, in one table of the API's own that all processes share. */
import * as Layer from "effect/Layer"
import * as PersistedQueue from "effect/persistence/PersistedQueue"

export const queues = PersistedQueue.layer.pipe(
  Layer.merge(PersistedQueue.layerCleanup({ timeToLive: "1 day", failedTimeToLive: "30 days" })),
  Layer.provide(
    PersistedQueue.layerStoreSql({
      tableName: "outbox",
      pollInterval: "1 second",
      lockRefreshInterval: "10 seconds",
      lockExpiration: "30 seconds",
    }),
  ),
)
