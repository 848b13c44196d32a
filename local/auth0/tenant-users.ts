import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { JsonFile } from '../json-file.ts';

export const tenantUserSchema = z.object({
  /** 24 hex digits that sort by the time of creation, as MongoDB makes them. */
  id: z.string(),
  email: z.string(),
  username: z.string().optional(),
  salt: z.string(),
  passwordHash: z.string(),
  blocked: z.boolean(),
  appMetadata: z.record(z.string(), z.unknown()),
  createdAt: z.string(),
});
export type TenantUser = z.infer<typeof tenantUserSchema>;

const hash = promisify<string, string, number, Buffer>(scrypt);

/** The people who can log in, with hashed passwords. */
export class TenantUsers {
  readonly #users = new Map<string, TenantUser>();
  readonly #file: JsonFile<TenantUser[]> | undefined;

  constructor(file: JsonFile<TenantUser[]> | undefined) {
    this.#file = file;
    for (const user of file?.read() ?? []) this.#users.set(user.id, user);
  }

  find(id: string): TenantUser | undefined {
    return this.#users.get(id);
  }

  findByEmail(email: string): TenantUser | undefined {
    const wanted = email.toLowerCase();
    return [...this.#users.values()].find((user) => user.email === wanted);
  }

  /** Answers nothing when the e-mail address is taken. */
  async create(
    email: string,
    password: string,
    appMetadata: Record<string, unknown> = {},
  ): Promise<TenantUser | undefined> {
    const credentials = await hashed(password);
    if (this.findByEmail(email)) return undefined;
    const user: TenantUser = {
      id: objectId(),
      email: email.toLowerCase(),
      ...credentials,
      blocked: false,
      appMetadata,
      createdAt: new Date().toISOString(),
    };
    this.#users.set(user.id, user);
    this.#save();
    return user;
  }

  update(
    user: TenantUser,
    change: Partial<Pick<TenantUser, 'blocked' | 'appMetadata' | 'email'>>,
  ): TenantUser {
    const changed = { ...user, ...change };
    this.#users.set(user.id, changed);
    this.#save();
    return changed;
  }

  async setPassword(user: TenantUser, password: string): Promise<void> {
    this.#users.set(user.id, { ...user, ...(await hashed(password)) });
    this.#save();
  }

  delete(id: string): void {
    this.#users.delete(id);
    this.#save();
  }

  async hasPassword(user: TenantUser, password: string): Promise<boolean> {
    const expected = Buffer.from(user.passwordHash, 'base64');
    return timingSafeEqual(expected, await hash(password, user.salt, expected.length));
  }

  #save(): void {
    this.#file?.write([...this.#users.values()]);
  }
}

async function hashed(password: string): Promise<Pick<TenantUser, 'salt' | 'passwordHash'>> {
  const salt = randomBytes(16).toString('base64');
  return { salt, passwordHash: (await hash(password, salt, 32)).toString('base64') };
}

let counter = randomBytes(3).readUIntBE(0, 3);
const machine = randomBytes(5).toString('hex');

/** A MongoDB ObjectId: seconds, five random bytes of this process, a counter. */
function objectId(): string {
  counter = (counter + 1) % 0x1000000;
  const seconds = Math.floor(Date.now() / 1000);
  return seconds.toString(16).padStart(8, '0') + machine + counter.toString(16).padStart(6, '0');
}
