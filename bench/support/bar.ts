/** A figure beside the bar that was set for it, so that a reader sees what falls short. */
export interface Judged {
  readonly value: number
  readonly bar: string
  readonly met: boolean
}

export function atLeast(value: number, least: number): Judged {
  return { value, bar: `≥ ${least}`, met: value >= least }
}

export function atMost(value: number, most: number): Judged {
  return { value, bar: `≤ ${most}`, met: value <= most }
}

export function below(value: number, limit: number): Judged {
  return { value, bar: `< ${limit}`, met: value < limit }
}

export function exactly(value: number, wanted: number): Judged {
  return { value, bar: `= ${wanted}`, met: value === wanted }
}
