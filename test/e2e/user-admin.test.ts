import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type Shop } from '../support/shop.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop?.stop());

describe('GET /user', () => {
  const list = (query = '', token = shop.admin) => shop.call('GET', `/user${query}`, { token });

  it('lists everybody page by page, each as the contract’s User', async () => {
    for (let count = 0; count < 4; count += 1) await shop.newCustomer();
    const seen: string[] = [];
    let cursor = '';
    do {
      const { status, json } = await list(`?limit=3${cursor}`);
      expect(status).toBe(200);
      seen.push(...json.items.map(({ userId }: { userId: string }) => userId));
      cursor = json.nextCursor ? `&cursor=${json.nextCursor}` : '';
    } while (cursor !== '');
    expect(seen).toHaveLength(7);
    expect(seen).toEqual([...new Set(seen)].sort());
    const { json } = await list('?limit=1');
    expect(json.items[0]).toMatchObject({ role: 'Admin', accessLevel: 3, email: 'admin@example.com' });
    for (const hidden of ['disabled', 'listing', 'pk', 'erasureStartedAt']) {
      expect(json.items[0]).not.toHaveProperty(hidden);
    }
  });

  it('finds the users of a role and the one of an e-mail address', async () => {
    const emails = async (query: string) =>
      (await list(query)).json.items.map(({ email }: { email: string }) => email);
    expect(await emails('?role=Manager')).toEqual(['manager@example.com']);
    expect(await emails('?email=CUSTOMER@example.com')).toEqual(['customer@example.com']);
    expect(await emails('?email=customer@example.com&role=Admin')).toEqual([]);
    expect(await emails('?email=nobody@example.com')).toEqual([]);
  });

  it('refuses what it does not know', async () => {
    for (const query of ['?role=Guest', '?email=nonsense', '?limit=0', '?name=x', '?cursor=nonsense']) {
      expect((await list(query)).json, query).toMatchObject({ status: 400, code: 'validation_failed' });
    }
  });
});

describe('POST /user/events', () => {
  const click = { type: 'click', at: new Date().toISOString(), properties: { banner: 'spring' } };
  const send = (events: object[], token?: string) =>
    shop.call('POST', '/user/events', { body: { events }, ...(token === undefined ? {} : { token }) });
  const onStream = () => shop.runtime.streamRecords().map(({ data }) => JSON.parse(data));

  it('takes events of guests, and of users under their id', async () => {
    const customer = await shop.newCustomer();
    const before = onStream().length;
    expect(await send([click])).toMatchObject({ status: 202, json: { accepted: 1 } });
    expect(await send([click, click], customer.token)).toMatchObject({ status: 202, json: { accepted: 2 } });
    const [guest, ...user] = onStream().slice(before);
    expect(guest).toMatchObject({ type: 'ui.click', properties: { banner: 'spring' } });
    expect(guest).not.toHaveProperty('userId');
    expect((await shop.call('GET', '/events.json')).json.items).toContainEqual(guest);
    expect(user).toMatchObject([{ userId: customer.userId }, { userId: customer.userId }]);
  });

  it('refuses a bad token rather than taking its bearer for a guest', async () => {
    expect((await send([click], 'a.b.c')).json).toMatchObject({ status: 401, code: 'invalid_token' });
  });

  it('names the field that is wrong, and takes none of the batch', async () => {
    const before = onStream().length;
    const bad = { ...click, properties: { mail: 'ann@example.com' } };
    expect((await send([click, bad])).json).toMatchObject({
      code: 'validation_failed',
      errors: [{ path: '/events/1/properties/mail' }],
    });
    expect((await send(Array.from({ length: 26 }, () => click))).status).toBe(400);
    expect(onStream()).toHaveLength(before);
  });

  it('takes a batch of 32 KB at most', async () => {
    const before = onStream().length;
    const properties = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`p${index}`, 'x'.repeat(100)]),
    );
    const batch = Array.from({ length: 25 }, () => ({ ...click, properties }));
    expect((await send(batch)).json).toMatchObject({ status: 413, code: 'payload_too_large' });
    expect((await send(batch.slice(0, 12))).json).toEqual({ accepted: 12 });
    expect(onStream()).toHaveLength(before + 12);
  });

  it('takes events of a device whose clock is wrong, at the time of their arrival', async () => {
    const before = onStream().length;
    const at = '2001-01-01T00:00:00.000Z';
    expect((await send([{ ...click, at }])).json).toEqual({ accepted: 1 });
    const [event] = onStream().slice(before);
    expect(event.properties).toEqual({ banner: 'spring', _at: at });
    expect(Date.parse(event.occurredAt)).toBeGreaterThanOrEqual(Date.parse(click.at));
  });
});

describe('an Admin’s changes', () => {
  it('count at once: an old token is refused and the refusal audited', async () => {
    const { userId, token } = await shop.newCustomer();
    const patch = (body: object) => shop.call('PATCH', `/user/${userId}`, { token: shop.admin, body });
    const codeOf = async () => (await shop.call('GET', '/user/me', { token })).json.code;
    expect(await codeOf()).toBeUndefined();
    await patch({ role: 'Manager' });
    expect(await codeOf()).toBe('role_mismatch');
    await patch({ disabled: true });
    expect(await codeOf()).toBe('account_disabled');
    await patch({ role: 'Customer', disabled: false });
    expect(await codeOf()).toBeUndefined();
    const denied = (await shop.rows('AUDIT_TABLE')).filter(
      (entry) => entry.action === 'access.denied' && entry.actorId === userId,
    );
    expect(denied.map(({ reason }) => reason).sort()).toEqual(['account_disabled', 'role_mismatch']);
  });
});
