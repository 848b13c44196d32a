import { BatchGetCommand, GetCommand, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readChain } from '../../../operations/audit-verify/read-chain.ts';
import type { VerifyOptions } from '../../../operations/audit-verify/run.ts';
import { verifyAudit } from '../../../operations/audit-verify.ts';
import type { Target } from '../../../operations/support/target.ts';
import { auditItem } from '../../../shared/adapters/dynamodb/audit-trail.ts';
import { orderToItem } from '../../../shared/adapters/dynamodb/order-item.ts';
import { type Actor, type AuditEntry, systemActor } from '../../../shared/audit/audit-entry.ts';
import { emptyHead, headOf, nextSeal, type Seal, type StoredEntry } from '../../../shared/audit/seal.ts';
import type { Order } from '../../../shared/orders/order.ts';

import { anOrder } from '../../support/builders/order.ts';

type Item = Record<string, unknown> & { pk: string; sk?: string };
interface Input {
  readonly TableName: string;
  readonly ExpressionAttributeValues: Record<string, string>;
  readonly ExclusiveStartKey?: Item;
  readonly Key: Item;
  readonly FilterExpression?: string;
}

const now = new Date('2026-03-10T12:00:00.000Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * 24 * 3600_000).toISOString();
let made = 0;

function anEntry(pk: string, action: string, fields: Record<string, unknown> = {}): StoredEntry {
  made += 1;
  const at = typeof fields.at === 'string' ? fields.at : daysAgo(2);
  const actor = { id: 'customer-1', role: 'Customer' };
  const where = { ip: '203.0.113.7', region: 'DE', device: 'test' };
  return { pk, sk: `${at}#entry-${String(made).padStart(6, '0')}`, action, actor, at, where, ...fields };
}

/** The items that the sealer leaves of a chain. */
function sealsOf(entries: readonly StoredEntry[]): Item[] {
  const seals: Seal[] = [];
  let head = emptyHead(entries[0]?.pk ?? '');
  for (const entry of entries) {
    const seal = nextSeal({ entry, writtenAt: String(entry.at) }, head, () => 'salt');
    seals.push(seal);
    head = headOf(seal);
  }
  const keyed = seals.map((seal) => ({ pk: seal.chain, sk: `ENTRY#${seal.entry}`, ...seal }));
  return [...keyed, { pk: head.chain, sk: 'HEAD', ...head }];
}

/** A stage with these tables, which answers in pages of so many items. */
function aStage(
  tables: Readonly<Record<string, readonly Item[]>>,
  pages: Readonly<Record<string, number>> = {},
) {
  const stage = { underWay: 0, most: 0, broken: '' };
  const answer = (command: object, input: Input) => {
    const items = tables[input.TableName] ?? [];
    if (command instanceof ScanCommand) return { Items: items };
    if (command instanceof BatchGetCommand) {
      const { Keys = [] } = command.input.RequestItems?.Audit ?? {};
      const isAsked = ({ pk, sk }: Item) => Keys.some((key) => key.pk === pk && key.sk === sk);
      return { Responses: { Audit: (tables.Audit ?? []).filter(isAsked) } };
    }
    if (command instanceof GetCommand) {
      const { pk, sk } = input.Key;
      return { Item: items.find((item) => item.pk === pk && (sk === undefined || item.sk === sk)) };
    }
    const chain = input.ExpressionAttributeValues[':chain'];
    if (chain === stage.broken) throw new Error('gone');
    const placed = input.ExpressionAttributeValues[':placed'];
    const wanted = items
      .filter(({ pk, action }) => pk === chain && (placed === undefined || action === placed))
      .toSorted((a, b) => (String(a.sk) < String(b.sk) ? -1 : 1));
    const start = wanted.findIndex(({ sk }) => sk === input.ExclusiveStartKey?.sk) + 1;
    const Items = wanted.slice(start, start + (pages[input.TableName] ?? 100));
    const isMore = start + Items.length < wanted.length;
    return { Items, ...(isMore ? { LastEvaluatedKey: Items.at(-1) } : {}) };
  };
  const send = async (command: object) => {
    stage.underWay += command instanceof QueryCommand ? 1 : 0;
    stage.most = Math.max(stage.most, stage.underWay);
    await new Promise(setImmediate);
    stage.underWay -= command instanceof QueryCommand ? 1 : 0;
    return answer(command, (command as { input: Input }).input);
  };
  const output = (key: string) => key.replace('TableName', '');
  return Object.assign(stage, { target: { dynamo: { send }, output } as unknown as Target });
}

const lines: string[] = [];
const terminal = { line: (text: string) => void lines.push(text), progress: () => undefined };
const prove = ({ target }: { target: Target }, more: Partial<VerifyOptions> = {}) =>
  verifyAudit(
    target,
    {
      strict: false,
      adopt: false,
      anchors: false,
      unitsPerSecond: 1e6,
      patienceMilliseconds: 0,
      clock: { now: () => now },
      ...more,
    },
    terminal,
  );
const flawsOf = async (stage: { target: Target }, chain: string) =>
  (await prove(stage, { chain })).flaws.map(({ flaw }) => flaw);

test('a chain is read in pages of any size, and no more than a page of each table at a time', async () => {
  const chain = 'USER#1';
  const all = Array.from({ length: 12 }, () => anEntry(chain, 'user.logged_in'));
  const size = fc.integer({ min: 1, max: 5 });
  await fc.assert(
    fc.asyncProperty(
      fc.subarray(all),
      fc.subarray(all),
      size,
      size,
      async (entries, sealed, audit, seals) => {
        const AuditSeals = sealsOf(all).filter(
          ({ sk }) => sk === 'HEAD' || sealed.some((entry) => sk === `ENTRY#${entry.sk}`),
        );
        const { target } = aStage({ Audit: entries, AuditSeals }, { Audit: audit, AuditSeals: seals });
        const tables = {
          dynamo: target.dynamo,
          audit: 'Audit',
          seals: 'AuditSeals',
          pace: async () => undefined,
        };
        const found: { key: string; isEntry: boolean; isSealed: boolean }[] = [];
        let count: number | undefined;
        for await (const { links, head, isLast } of readChain(tables, chain)) {
          expect(links.length).toBeLessThanOrEqual(audit + seals);
          for (const { key, entry, seal } of links) {
            found.push({ key, isEntry: entry !== undefined, isSealed: seal !== undefined });
          }
          if (isLast) count = head?.count;
        }
        const expected = all
          .map((entry) => ({
            key: entry.sk,
            isEntry: entries.includes(entry),
            isSealed: sealed.includes(entry),
          }))
          .filter(({ isEntry, isSealed }) => isEntry || isSealed);
        expect(found).toEqual(expected);
        expect(count).toBe(12);
      },
    ),
    { numRuns: 60 },
  );
});

function manyChains() {
  const chains = Array.from({ length: 30 }, (_, index) =>
    [0, 1, 2].map(() => anEntry(`ROUTE#GET /order#${String(index).padStart(2, '0')}`, 'access.denied')),
  );
  return aStage({ Audit: chains.flat(), AuditSeals: chains.flatMap(sealsOf) }, { Audit: 2, AuditSeals: 2 });
}

test('an entry that came when the others had been read is no removed one, as its seal came behind it', async () => {
  const chain = 'USER#1';
  const all = Array.from({ length: 6 }, () => anEntry(chain, 'user.logged_in'));
  const { target } = aStage({ Audit: all, AuditSeals: sealsOf(all) }, { AuditSeals: 2 });
  const send = target.dynamo.send.bind(target.dynamo);
  /** The last entry is not there yet when the others are read. */
  const early = async (command: object) => {
    const answer = (await send(command as never)) as { Items?: Item[] };
    const isOfAudit = command instanceof QueryCommand && command.input.TableName === 'Audit';
    return isOfAudit ? { ...answer, Items: answer.Items?.slice(0, 5) } : answer;
  };
  const growing = { ...target, dynamo: { send: early } } as unknown as Target;
  expect(await flawsOf({ target: growing }, chain)).toEqual([]);
  const gone = aStage({ Audit: all.slice(0, 5), AuditSeals: sealsOf(all) }, { AuditSeals: 2 });
  expect(await flawsOf(gone, chain)).toEqual(['entry_removed']);
});

test('chains are proved several at a time, eight at most', async () => {
  const stage = manyChains();
  expect(await prove(stage)).toMatchObject({ chains: 30, entries: 90, isWhole: true });
  expect(stage.most).toBeGreaterThan(2);
  expect(stage.most).toBeLessThanOrEqual(8);
});

test('a run that breaks off says where to go on, and goes on there', async () => {
  const stage = manyChains();
  stage.broken = 'ROUTE#GET /order#20';
  lines.length = 0;
  await expect(prove(stage)).rejects.toThrow('gone');
  const [told, ...more] = lines.flatMap((line) => /--from '(.+)'/.exec(line)?.[1] ?? []);
  expect(more).toEqual([]);
  expect(String(told) <= stage.broken).toBe(true);
  stage.broken = '';
  const { chains, isWhole } = await prove(stage, { from: told });
  expect(chains).toBeLessThan(30);
  expect(chains).toBeGreaterThanOrEqual(10);
  expect(isWhole).toBe(true);
});

const emptied = { where: { ip: 'erased', region: 'erased', device: 'erased' } };
const own = 'USER#customer-1';
const register = [{ pk: 'ERASURE#customer-1' }];

/** A person whose login was emptied and its salt forgotten, with these later entries, sealed or not. */
function anErased(Users: Item[], sealed: readonly StoredEntry[], unsealed: readonly StoredEntry[] = []) {
  const login = anEntry(own, 'user.logged_in');
  const seals = sealsOf([login, ...sealed]).map(({ whereSalt, ...seal }) =>
    seal.entry === login.sk || whereSalt === undefined ? seal : { ...seal, whereSalt },
  ) as Item[];
  return aStage({ Users, Audit: [{ ...login, ...emptied }, ...sealed, ...unsealed], AuditSeals: seals });
}

test.concurrent.each(['user.erasure_started', 'user.erased', 'user.erasure_repeated'])(
  'an erasure is believed when it is on the register and %s is sealed',
  async (action) => {
    const entry = anEntry(own, action, { at: daysAgo(1) });
    expect(await flawsOf(anErased(register, [entry]), own)).toEqual([]);
    expect(await flawsOf(anErased([], [entry]), own)).toEqual(['erased_without_erasure']);
  },
);

test.concurrent('an erasure is not believed for the register alone, or when it was withdrawn', async () => {
  expect(await flawsOf(anErased(register, []), own)).toEqual(['erased_without_erasure']);
  const started = anEntry(own, 'user.erasure_started', { at: daysAgo(1) });
  const withdrawn = anEntry(own, 'user.erasure_withdrawn', { at: daysAgo(1) });
  expect(await flawsOf(anErased(register, [started, withdrawn]), own)).toEqual(['erased_without_erasure']);
  const again = anEntry(own, 'user.erasure_started', { at: daysAgo(0.5) });
  expect(await flawsOf(anErased(register, [started, withdrawn, again]), own)).toEqual([]);
});

test.concurrent('an erasure whose own entry waits for its seal is pending; one that never got it is a flaw', async () => {
  const young = anEntry(own, 'user.erasure_started', { at: daysAgo(0.001) });
  const pending = await prove(anErased(register, [], [young]), { chain: own });
  expect(pending.flaws.map(({ flaw }) => flaw)).toEqual(['entry_pending', 'entry_pending']);
  expect(pending.isWhole).toBe(true);
  const old = anEntry(own, 'user.erasure_started', { at: daysAgo(1) });
  const lost = await flawsOf(anErased(register, [], [old]), own);
  expect(lost.toSorted()).toEqual(['entry_unsealed', 'erased_without_erasure']);
});

test.concurrent('a salt that is still there some minutes after an erasure is left to the sealer', async () => {
  const login = anEntry(own, 'user.logged_in');
  const erasedAt = (at: string) => {
    const entry = anEntry(own, 'user.erased', { at });
    const Audit = [{ ...login, ...emptied }, entry];
    return aStage({ Users: register, Audit, AuditSeals: sealsOf([login, entry]) });
  };
  expect(await flawsOf(erasedAt(daysAgo(0.005)), own)).toEqual(['entry_pending']);
  expect(await flawsOf(erasedAt(daysAgo(0.5)), own)).toEqual(['salt_kept']);
});

describe('what an order tells of its trail', () => {
  const placed = { ...anOrder(), createdAt: daysAgo(3) };
  const chain = `ORDER#${placed.orderId}`;
  const entry = (action: string, at: string, actor: Actor = systemActor): AuditEntry => {
    const entity = { type: 'order', id: placed.orderId } as const;
    return { entryId: `${placed.orderId}-${action}`, action, entity, actor, at };
  };
  const created = entry('order.created', daysAgo(3), { id: 'customer-1', role: 'Customer' });
  const paid = entry('order.paid', daysAgo(2));

  /** A stage with the order, of whose trail these entries are there. */
  const anchored = (order: Partial<Order>, ...trail: AuditEntry[]) => {
    const Audit = trail.map((one) => auditItem(one) as Item);
    const AuditSeals = trail.length === 0 ? [] : sealsOf(Audit as StoredEntry[]);
    const item = orderToItem({ ...placed, auditLogs: [paid, created], ...order }) as Item;
    const elsewhere = { pk: item.pk, sk: 'PAYMENT' };
    return aStage({ Audit, AuditSeals, Orders: [item, elsewhere], Products: [], Users: [] });
  };
  const found = async (stage: { target: Target }) =>
    (await prove(stage, { anchors: true })).flaws.map(({ flaw, chain: name, entry: sk }) => [flaw, name, sk]);
  const keyOf = (one: AuditEntry) => `${one.at}#${one.entryId}`;

  test('is right when all that it mirrors is there', async () => {
    expect(await found(anchored({ status: 'Paid' }, created, paid))).toEqual([]);
  });

  test('is that there is one, which is missed when it is gone with its seals', async () => {
    expect(await found(anchored({ status: 'Paid' }))).toEqual([['chain_missing', chain, undefined]]);
    expect(await found(anchored({ status: 'Paid' }, paid))).toEqual([['chain_missing', chain, undefined]]);
  });

  test('is each entry that it mirrors, once the order has settled and some time has passed', async () => {
    const missed = [['entry_missing', chain, keyOf(paid)]];
    expect(await found(anchored({ status: 'Paid' }, created))).toEqual(missed);
    expect(await found(anchored({ status: 'OnHold' }, created))).toEqual([]);
    expect(await found(anchored({ status: 'Paid', reversing: 'cancel' }, created))).toEqual([]);
    const young = entry('order.paid', daysAgo(0.01));
    expect(await found(anchored({ status: 'Paid', auditLogs: [young, created] }, created))).toEqual([]);
  });

  test('is a product’s and a user’s, too', async () => {
    const Products = [{ productId: 'p-1', pk: '', auditLogs: [] }];
    const Users = [{ pk: 'USER#u-1' }, { pk: 'EMAIL#a@b.example' }, { pk: 'ERASURE#u-2' }];
    const stage = aStage({ Audit: [], AuditSeals: [], Orders: [], Products, Users });
    expect(await found(stage)).toEqual([
      ['chain_missing', 'PRODUCT#p-1', undefined],
      ['chain_missing', 'USER#u-1', undefined],
    ]);
  });
});
