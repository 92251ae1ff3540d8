/** Resolves after `ms` milliseconds, or at once when `stop` is aborted. */
export function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) return resolve()
    const end = (): void => {
      clearTimeout(timer)
      stop.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    stop.addEventListener('abort', end)
  })
}

/** What `work` resolves to, or null as soon as `stop` is aborted. */
export async function orAborted<Result>(work: Promise<Result>, stop: AbortSignal): Promise<Result | null> {
  const { promise, resolve } = Promise.withResolvers<null>()
  const end = (): void => resolve(null)
  if (stop.aborted) end()
  stop.addEventListener('abort', end)
  try {
    return await Promise.race([work, promise])
  } finally {
    stop.removeEventListener('abort', end)
  }
}
