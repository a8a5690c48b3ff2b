/**
 * The server socket. From the moment that it listens until the routes stand, and again once they are taken away, it answers
 * 503: a request without any handler would hang for ever.
 */
import { createServer, type RequestListener, type Server } from "node:http"
import { Unavailable } from "../problems.ts"

const starting = new Unavailable({ detail: "The API is waiting for its database, or about to stop." })

const notYet: RequestListener = (request, response) => {
  request.resume()
  response.writeHead(503, { "content-type": "application/problem+json", "retry-after": "1", connection: "close" })
  response.end(
    JSON.stringify({ type: starting.type, status: starting.status, title: starting.title, detail: starting.detail }),
  )
}

export const listener = (): Server => {
  // Whoever sends slowly holds a connection for so long, and no longer.
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 60_000 }, notYet)
  server.on("newListener", (event, handler) => {
    if (event === "request" && handler !== notYet) server.off("request", notYet)
  })
  server.on("removeListener", (event, handler) => {
    if (event === "request" && handler !== notYet && server.listenerCount("request") === 0) server.on("request", notYet)
  })
  return server
}
