import type { MethodModel, ThrottleModel } from '../template/api-model.ts';

interface Bucket {
  tokens: number;
  refilledAt: number;
}

/**
 * Token buckets by the stage's method settings, one for each method: `burst` deep, refilled at `rate` a second.
 * The answer tells whether the request may pass.
 * @param now milliseconds
 */
export function createThrottle(
  settings: readonly ThrottleModel[],
  now: () => number,
): (method: MethodModel) => boolean {
  const buckets = new Map<MethodModel, Bucket>();
  return (method) => {
    const limit = limitOf(settings, method);
    if (!limit) return true;
    const at = now();
    const bucket = buckets.get(method) ?? { tokens: limit.burst, refilledAt: at };
    buckets.set(method, bucket);
    bucket.tokens = Math.min(limit.burst, bucket.tokens + ((at - bucket.refilledAt) / 1000) * limit.rate);
    bucket.refilledAt = at;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };
}

function limitOf(
  settings: readonly ThrottleModel[],
  { path, httpMethod }: MethodModel,
): ThrottleModel | undefined {
  return (
    settings.find((setting) => setting.path === path && setting.httpMethod === httpMethod) ??
    settings.find((setting) => setting.path === path && setting.httpMethod === '*') ??
    settings.find((setting) => setting.path === '/*' && setting.httpMethod === '*')
  );
}
