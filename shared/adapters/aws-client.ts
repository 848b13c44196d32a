/**
 * How our Lambdas talk to AWS: three tries, and no wait that would use up the Lambda's own time-out and so hide
 * which call it was. Left to itself the SDK only warns of an answer that does not come, and goes on waiting.
 */
export const clientDefaults = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
} as const;
