/**
 * How our Lambdas talk to AWS: three tries, and no wait that would use up the Lambda's own time-out and so hide
 * which call it was.
 */
export const clientDefaults = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000 },
} as const;
