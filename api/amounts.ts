// Figures as a person reads them.

import type { Usage } from "./shapes.ts"

export const sayAmount = (value: number, unit: Usage["unit"]): string => {
  switch (unit) {
    case "bytes":
      return bytes(value)
    case "bytes/s":
      return `${bytes(value)}/s`
    case "operations/s":
      return `${Math.round(value)}/s`
    case "percent":
      return `${Math.round(value)} % of a core`
    case "count":
      return String(value)
  }
}

const sizes = [
  ["TiB", 1024 ** 4],
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["KiB", 1024],
] as const

export const bytes = (value: number): string => {
  const [unit, size] = sizes.find(([, size]) => value >= size) ?? ["B", 1]
  return `${Math.round((value * 10) / size) / 10} ${unit}`
}
