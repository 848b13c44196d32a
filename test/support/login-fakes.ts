import type { LoginLimits } from '../../shared/identity/login-limits.ts';
import type {
  AttemptCounter,
  CaptchaVerifier,
  Challenge,
  ChallengeStore,
  LoginProtection,
} from '../../shared/identity/login-protection.ts';
import type { Notification, Notifier } from '../../shared/notifications/notifier.ts';

/** Counters in memory, with the outcomes of the real ones. */
export class FakeAttemptCounter implements AttemptCounter {
  readonly counters = new Map<string, { running: number; failures: number; failedUntil: number }>();
  readonly calls: unknown[][] = [];

  async take(key: string, limit: number, now: Date, _windowSeconds: number) {
    this.calls.push(['take', limit]);
    const { running, failures, failedUntil } = this.kept(key, now);
    const until = new Date(failures > 0 ? failedUntil : now.getTime() + 60_000);
    if (running + failures >= limit) return { kind: 'exhausted' as const, failures, until };
    this.counters.set(key, { running: running + 1, failures, failedUntil });
    return { kind: 'taken' as const, failures, until };
  }

  async fail(key: string, now: Date, windowSeconds: number) {
    this.calls.push(['fail']);
    const { running, failures } = this.kept(key, now);
    const failedUntil = now.getTime() + windowSeconds * 1000;
    this.counters.set(key, { running: Math.max(running - 1, 0), failures: failures + 1, failedUntil });
  }

  async giveBack(key: string) {
    this.calls.push(['giveBack']);
    const kept = this.counters.get(key);
    if (kept && kept.running > 0) this.counters.set(key, { ...kept, running: kept.running - 1 });
  }

  async forget(key: string) {
    this.calls.push(['forget']);
    const kept = this.counters.get(key);
    if (kept) this.counters.set(key, { ...kept, failures: 0 });
  }

  private kept(key: string, now: Date) {
    const kept = this.counters.get(key) ?? { running: 0, failures: 0, failedUntil: 0 };
    return kept.failedUntil > now.getTime() ? kept : { ...kept, failures: 0 };
  }

  /** Attempts on the counters whose key begins so, in all. */
  count(prefix: string): number {
    const found = [...this.counters].filter(([key]) => key.startsWith(prefix));
    return found.reduce((sum, [, { running, failures }]) => sum + running + failures, 0);
  }
}

export class FakeChallengeStore implements ChallengeStore {
  readonly challenges = new Map<string, Challenge & { attempts: number; used: boolean }>();

  async put(challenge: Challenge) {
    this.challenges.set(challenge.challengeId, { ...challenge, attempts: 0, used: false });
  }

  async takeAttempt(challengeId: string, userId: string, limit: number, now: Date) {
    const kept = this.challenges.get(challengeId);
    if (!kept || kept.userId !== userId || kept.used || kept.attempts >= limit || kept.expiresAt <= now) {
      return undefined;
    }
    kept.attempts += 1;
    return kept.codeHash;
  }

  async use(challengeId: string) {
    const kept = this.challenges.get(challengeId);
    if (!kept || kept.used) return false;
    kept.used = true;
    return true;
  }
}

export interface FakeCaptcha extends CaptchaVerifier {
  readonly asked: string[];
}

export interface FakeLoginProtection extends LoginProtection {
  readonly attempts: FakeAttemptCounter;
  readonly challenges: FakeChallengeStore;
  readonly captcha: FakeCaptcha;
  readonly notifier: Notifier & { readonly sent: Notification[] };
}

export const testLimits: LoginLimits = {
  account: { captchaAfter: 3, lockAfter: 10 },
  address: { captchaAfter: 50, lockAfter: 200 },
  windowSeconds: 900,
  codesPerWindow: 10,
  codesPerDestination: 20,
  wrongCodes: 20,
};

/** Login protection in memory; the CAPTCHA answer `solved` is the right one. */
export function fakeLoginProtection(limits: LoginLimits = testLimits): FakeLoginProtection {
  const asked: string[] = [];
  const sent: Notification[] = [];
  return {
    limits,
    attempts: new FakeAttemptCounter(),
    challenges: new FakeChallengeStore(),
    captcha: {
      asked,
      async isSolved(token) {
        asked.push(token);
        return token === 'solved';
      },
    },
    codeKey: async () => 'a key that only these tests know, of 32 characters',
    codeChannels: ['email', 'sms'],
    notifier: {
      sent,
      async publish(notification) {
        sent.push(notification);
      },
    },
    sleep: () => new Promise((resolve) => setTimeout(resolve, 1)),
  };
}
