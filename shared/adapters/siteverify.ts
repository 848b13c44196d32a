import * as z from 'zod';
import { DependencyUnavailableError } from '../errors.ts';
import type { CaptchaVerifier } from '../identity/login-protection.ts';

export interface SiteverifySettings {
  /** Of Turnstile, hCaptcha, reCAPTCHA or whatever speaks their protocol. */
  readonly url: string;
  readonly secret: () => Promise<string>;
  readonly timeoutMilliseconds?: number;
}

const answerSchema = z.object({ success: z.boolean() });
const defaultTimeoutMilliseconds = 3_000;

/**
 * The siteverify protocol: a form of secret, response and remoteip, answered by `{success}`. Not tried twice:
 * a token is good for one verification, so the second would call an honest person a robot. When the provider
 * does not answer nobody is let through.
 */
export function createSiteverify(settings: SiteverifySettings): CaptchaVerifier {
  const { url, secret, timeoutMilliseconds = defaultTimeoutMilliseconds } = settings;
  return {
    async isSolved(token, ip) {
      const body = new URLSearchParams({ secret: await secret(), response: token, remoteip: ip });
      return (await ask(url, body, timeoutMilliseconds)).success;
    },
  };
}

async function ask(url: string, body: URLSearchParams, timeoutMilliseconds: number) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { Accept: 'application/json' },
      // A redirect would carry the secret to wherever it points.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMilliseconds),
      body,
    });
    if (!response.ok) throw new Error(`siteverify answered ${response.status}`);
    // Anything else comes from something in between, and is no reason to let anybody in.
    return answerSchema.parse(await response.json());
  } catch (error) {
    throw new DependencyUnavailableError('The CAPTCHA provider', error);
  }
}
