/**
 * A fault that may pass: a throttle, a time-out, a conflict with another transaction.
 * Its name is what the state machine's Retry matches, so it must survive minification.
 */
export class TransientError extends Error {
  override readonly name = 'TransientError';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** A fault that no repetition heals. Retry never matches it; Catch goes to compensation. */
export class FinalError extends Error {
  override readonly name: string = 'FinalError';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** A dependency did not do its work in time or at all; HTTP callers are told to come back. */
export class DependencyUnavailableError extends Error {
  override readonly name = 'DependencyUnavailableError';
  readonly dependency: string;

  constructor(dependency: string, cause?: unknown) {
    super(`${dependency} is not available`, { cause });
    this.dependency = dependency;
  }
}
