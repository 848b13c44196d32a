import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '../../shared/api/route.ts';
import { routes } from '../../shared/api/routes.ts';
import type { Role, StoredRole } from '../../shared/identity/roles.ts';
import type { CallAnswer } from '../support/call-api.ts';
import { type Expectation, expectations, type Verdict } from '../support/rbac-expectations.ts';
import { type Customer, items, openShop, password, type Shop } from '../support/shop.ts';

const table: readonly Route[] = Object.values(routes);
const nameOf = ({ method, path }: Route) => `${method} ${path}`;
const storedRoles = ['Customer', 'Manager', 'Admin'] as const;
const file = join(import.meta.dirname, '..', '..', 'docs', 'rbac-matrix.md');

interface Actor {
  readonly userId: string;
  readonly token: string;
}
type Whose = 'own' | 'another';
interface Cell {
  readonly route: Route;
  readonly role: Role;
  readonly whose: Whose | undefined;
  readonly expected: Verdict;
}

let shop: Shop;
let productId: string;
let other: Customer;
const actors = new Map<StoredRole, Actor>();
const ordersOf = new Map<string, string>();
const verdicts = new Map<Cell, Verdict>();
const refusals: { cell: Cell; actorId: string; code: string }[] = [];

beforeAll(async () => {
  shop = await openShop({ prewarm: true });
  // Else the first checkout loads six Lambdas, which takes a busy machine longer than a test may wait.
  await shop.runtime.warmed();
  productId = await shop.newProduct({ stockCount: 1000 });
  await shop.call('PUT', '/product/rates', { token: shop.admin, body: { rates: { EUR: '0.92' } } });
  other = await shop.newCustomer();
  for (const role of storedRoles) actors.set(role, await newActor(role));
});
afterAll(() => shop?.stop());

async function newActor(role: StoredRole): Promise<Actor> {
  const customer = await shop.newCustomer();
  if (role === 'Customer') return customer;
  await shop.call('PATCH', `/user/${customer.userId}`, { token: shop.admin, body: { role } });
  const { json } = await shop.call('POST', '/user/login', { body: { email: customer.email, password } });
  return { userId: customer.userId, token: json.token };
}

async function newOrder(customer: Actor): Promise<string> {
  const placed = await shop.place({ email: '', ...customer }, { items: items(productId) });
  await shop.settled(placed.json.orderId);
  return placed.json.orderId;
}

/** What a request changes must not spoil the next one: those get people and orders of their own. */
const isDestructive = ({ method, path }: Route) => method === 'DELETE' || /\/(cancel|quick)$/.test(path);

function cellsOf(route: Route, expectation: Expectation): Cell[] {
  const cell = (role: Role, whose: Whose | undefined, expected: Verdict) => ({
    route,
    role,
    whose,
    expected,
  });
  const ofRole = (role: StoredRole) => {
    const expected = expectation[role];
    return typeof expected === 'string'
      ? [cell(role, undefined, expected)]
      : [cell(role, 'own', expected[0]), cell(role, 'another', expected[1])];
  };
  return [cell('Guest', undefined, expectation.Guest), ...storedRoles.flatMap(ofRole)];
}

async function tryCell(cell: Cell): Promise<{ answer: CallAnswer; actorId: string }> {
  const { route, role, whose } = cell;
  const fresh = isDestructive(route);
  const actor = role === 'Guest' ? undefined : fresh ? await newActor(role) : (actors.get(role) as Actor);
  const owner = whose === 'own' && actor ? actor : fresh ? await newActor('Customer') : other;
  const path = await fill(route, owner, fresh);
  const answer = await shop.call(route.method, path, {
    ...(actor ? { token: actor.token } : {}),
    headers: { 'idempotency-key': crypto.randomUUID(), 'if-match': '"1"' },
    ...(route.body ? { body: {} } : {}),
  });
  return { answer, actorId: actor?.userId ?? '' };
}

async function fill({ path }: Route, owner: Actor, fresh: boolean): Promise<string> {
  if (!path.includes('{orderId}')) {
    const product = fresh && path.includes('{productId}') ? await shop.newProduct() : productId;
    return path
      .replace('{userId}', owner.userId)
      .replace('{productId}', product)
      .replace(/\{\w+\}/, 'something');
  }
  const known = fresh ? undefined : ordersOf.get(owner.userId);
  const orderId = known ?? (await newOrder(owner));
  if (!fresh) ordersOf.set(owner.userId, orderId);
  return path.replace('{orderId}', orderId);
}

/** `yes` when the request came through to the use case, whatever that made of an empty body. */
function verdictOf({ path }: Route, { status, json }: CallAnswer): Verdict {
  const code = json?.code;
  if (code === 'unauthenticated') return '401';
  if (code === 'forbidden') return '403';
  if (code === 'not_found' && /\{(userId|orderId)\}/.test(path)) return '404';
  if (code === 'invalid_token' || status >= 500)
    throw new Error(`Neither let in nor refused: ${status} ${code}`);
  return 'yes';
}

describe('who may call what', () => {
  it('is written down for every route of the table', () => {
    const unknown = table.map(nameOf).filter((name) => !(name in expectations));
    const message =
      'These routes have no row in test/support/rbac-expectations.ts. Read their "who" off the contract and add them';
    expect(unknown, message).toEqual([]);
  });

  describe.each(table.map((route) => ({ name: nameOf(route), route })))('$name', ({ name, route }) => {
    const expectation = expectations[name];
    const cells = expectation ? cellsOf(route, expectation) : [];

    it.each(cells.map((cell) => ({ cell, who: [cell.role, cell.whose].filter(Boolean).join(', ') })))(
      'answers $who as the contract says',
      async ({ cell }) => {
        const { answer, actorId } = await tryCell(cell);
        const verdict = verdictOf(route, answer);
        verdicts.set(cell, verdict);
        if (verdict === '403' || verdict === '404') {
          refusals.push({ cell, actorId, code: answer.json.code });
        }
        expect(verdict, `${name} as ${cell.role}: ${answer.status} ${answer.text}`).toBe(cell.expected);
      },
    );
  });

  it('audits every refusal of somebody who is known', async () => {
    const entries = (await shop.rows('AUDIT_TABLE')).filter(({ action }) => action === 'access.denied');
    const audited = new Set(
      entries.map((entry) => {
        const { entity, actor, reason } = entry as { entity: { id: string }; actor: Actor2; reason: string };
        return `${entity.id.split('#')[0]} ${actor.id} ${actor.role} ${reason}`;
      }),
    );
    expect(refusals.length).toBeGreaterThan(20);
    const missing = refusals
      .map(({ cell, actorId, code }) => `${nameOf(cell.route)} ${actorId} ${cell.role} ${code}`)
      .filter((line) => !audited.has(line));
    expect(missing).toEqual([]);
  });

  it('is what docs/rbac-matrix.md says (UPDATE_DOCS=1 writes it)', () => {
    const matrix = render();
    if (process.env.UPDATE_DOCS === '1') writeFileSync(file, matrix);
    const committed = existsSync(file) ? readFileSync(file, 'utf8') : '';
    expect(committed, 'docs/rbac-matrix.md has drifted; run this test with UPDATE_DOCS=1').toBe(matrix);
  });
});

interface Actor2 {
  readonly id: string;
  readonly role: string;
}

/** The matrix as it was observed, not as it was expected. */
function render(): string {
  const rows = table.map((route) => {
    const of = (role: Role, whose?: Whose) => {
      const found = [...verdicts].find(
        ([cell]) => cell.route === route && cell.role === role && (cell.whose ?? whose) === whose,
      );
      return found?.[1] ?? '';
    };
    const cells = storedRoles.flatMap((role) => {
      const [own, another] = [of(role, 'own'), of(role, 'another')];
      return [own === another || another === '' ? own : `${own} · another’s ${another}`];
    });
    return `| \`${nameOf(route)}\` | ${[of('Guest'), ...cells].join(' | ')} |`;
  });
  return `# Who may call what

Written by test/e2e/rbac-matrix.test.ts, which tries every route as every role over HTTP, on one's own resource and
on another's, and compares what it sees with the contract. Run it with \`UPDATE_DOCS=1\` to write this page anew.

\`yes\`: the request reaches the use case. \`401\`: no token (\`unauthenticated\`). \`403\`: not for this role
(\`forbidden\`). \`404\`: not the caller's own, and so it does not exist for them (\`not_found\`). Every 403 and 404
of a known caller is in the audit trail as \`access.denied\`.

| route | Guest | Customer | Manager | Admin |
|---|---|---|---|---|
${rows.join('\n')}
`;
}
