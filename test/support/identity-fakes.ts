import type { PageRequest } from '../../shared/api/list.ts';
import type { AuditEntry, AuditTrail } from '../../shared/audit/audit-entry.ts';
import type { CheckoutResumer } from '../../shared/identity/checkout-resumer.ts';
import type { IdentityProvider, LogInResult, SignUpResult } from '../../shared/identity/identity-provider.ts';
import type { User } from '../../shared/identity/user.ts';
import type { UserPorts } from '../../shared/identity/user-ports.ts';
import type { UserStore } from '../../shared/identity/user-store.ts';
import { type TestEffects, testEffects } from './effects.ts';
import { type FakeLoginProtection, fakeLoginProtection } from './login-fakes.ts';
import { FakePrivacy, fakeStream } from './privacy-fakes.ts';

/** The user records in memory, with the same outcomes as the real store. */
export class FakeUserStore implements UserStore {
  readonly users = new Map<string, User>();
  readonly entries: AuditEntry[] = [];
  /** Runs once before the next write: what somebody else does in between. */
  meanwhile: (() => void) | undefined;

  constructor(...users: User[]) {
    for (const user of users) this.users.set(user.userId, user);
  }

  async find(userId: string) {
    return this.users.get(userId);
  }

  async findIdByEmail(email: string) {
    return this.all().find((user) => user.email === email.toLowerCase())?.userId;
  }

  async findIdByUsername(username: string) {
    return this.all().find((user) => sameName(user.username, username))?.userId;
  }

  async create(user: User, entry: AuditEntry) {
    this.interrupt();
    if (this.users.has(user.userId) || (await this.findIdByEmail(user.email))) return 'email_taken';
    if (await this.findIdByUsername(user.username)) return 'username_taken';
    this.users.set(user.userId, user);
    this.entries.push(entry);
    return 'created';
  }

  async update({ before, after, entry, remainingAdminId }: Parameters<UserStore['update']>[0]) {
    this.interrupt();
    if (this.users.get(before.userId)?.version !== before.version) return 'stale';
    const admin = remainingAdminId === undefined ? undefined : this.users.get(remainingAdminId);
    if (remainingAdminId !== undefined && (admin?.role !== 'Admin' || admin.disabled)) return 'stale';
    const owner = await this.findIdByUsername(after.username);
    if (owner !== undefined && owner !== after.userId) return 'username_taken';
    this.users.set(after.userId, after);
    this.entries.push(entry);
    return 'updated';
  }

  async list(role: User['role'] | undefined, { limit, after }: PageRequest) {
    const sorted = this.all()
      .filter((user) => (role === undefined || user.role === role) && user.userId > (after?.userId ?? ''))
      .sort((a, b) => (a.userId < b.userId ? -1 : 1));
    const items = sorted.slice(0, limit);
    const last = items.at(-1);
    return { items, ...(sorted.length > limit && last ? { next: { userId: last.userId } } : {}) };
  }

  async touch(userId: string, at: string) {
    this.patch(userId, { lastActiveAt: at });
  }

  async recordDevices(userId: string, before: User['deviceInfo'], after: User['deviceInfo'], at: string) {
    this.interrupt();
    const stored = this.users.get(userId)?.deviceInfo;
    if (JSON.stringify(stored) !== JSON.stringify(before)) return false;
    this.patch(userId, { deviceInfo: after, lastActiveAt: at });
    return true;
  }

  async findOtherAdminId(userId: string) {
    return this.all().find((user) => user.role === 'Admin' && !user.disabled && user.userId !== userId)
      ?.userId;
  }

  patch(userId: string, changes: Partial<User>) {
    const user = this.users.get(userId);
    if (user) this.users.set(userId, { ...user, ...changes });
  }

  private all() {
    return [...this.users.values()];
  }

  private interrupt() {
    const run = this.meanwhile;
    this.meanwhile = undefined;
    run?.();
  }
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** An identity provider that answers what it is told to, and keeps what it was asked. */
export class FakeIdentityProvider implements IdentityProvider {
  signUpResult: SignUpResult = { kind: 'created', userId: 'user-1' };
  logInResult: LogInResult = { kind: 'refused' };
  fault: Error | undefined;
  readonly calls: unknown[][] = [];

  accept(userId: string, role = 'Customer') {
    this.logInResult = { kind: 'accepted', token: 'a.b.c', expiresIn: 3600, userId, role };
  }

  async signUp() {
    return this.answer(this.signUpResult, 'signUp');
  }

  async logIn(_credentials: unknown, ip: string) {
    return this.answer(this.logInResult, 'logIn', ip);
  }

  async requestPasswordReset(email: string) {
    this.answer(undefined, 'requestPasswordReset', email);
  }

  async setAccess(userId: string, access: object) {
    this.answer(undefined, 'setAccess', userId, access);
  }

  async deleteUser(userId: string) {
    this.answer(undefined, 'deleteUser', userId);
  }

  private answer<T>(value: T, ...call: unknown[]): T {
    this.calls.push(call);
    if (this.fault) throw this.fault;
    return value;
  }
}

export interface FakeUserPorts extends UserPorts {
  readonly store: FakeUserStore;
  readonly identityProvider: FakeIdentityProvider;
  readonly audit: AuditTrail & { readonly entries: AuditEntry[] };
  readonly resumer: CheckoutResumer & { readonly resumed: string[]; fault?: Error };
  readonly protection: FakeLoginProtection;
  readonly privacy: FakePrivacy;
  readonly stream: ReturnType<typeof fakeStream>;
  readonly effects: TestEffects;
}

export function fakeUserPorts(...users: User[]): FakeUserPorts {
  const entries: AuditEntry[] = [];
  const resumer: FakeUserPorts['resumer'] = {
    resumed: [],
    async resumeFor(userId) {
      if (resumer.fault) throw resumer.fault;
      resumer.resumed.push(userId);
    },
  };
  const store = new FakeUserStore(...users);
  const privacy = new FakePrivacy();
  privacy.removeRecord = (userId) => store.users.delete(userId);
  return {
    store,
    identityProvider: new FakeIdentityProvider(),
    audit: {
      entries,
      async append(entry) {
        entries.push(entry);
      },
    },
    resumer,
    protection: fakeLoginProtection(),
    privacy,
    stream: fakeStream(),
    effects: testEffects(),
  };
}
