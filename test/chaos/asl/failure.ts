/** The failure of a state or of one attempt, under the name that Retry and Catch look for. */
export class StateFailure extends Error {
  readonly error: string;

  constructor(error: string, cause: string) {
    super(cause);
    this.error = error;
  }
}

/** Whether a list of ErrorEquals takes an error. States.ALL does not take States.Runtime, nor TaskFailed a time-out. */
export function takes(names: readonly string[], error: string): boolean {
  return names.some(
    (name) =>
      name === error ||
      (name === 'States.ALL' && error !== 'States.Runtime') ||
      (name === 'States.TaskFailed' && error !== 'States.Timeout' && error !== 'States.Runtime'),
  );
}
