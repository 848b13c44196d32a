import { createHash } from 'node:crypto';
import { marshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sealRecords } from '../../../lambdas/audit-seal/seal-records.ts';
import { canonicalJson } from '../../../shared/audit/canonical-json.ts';
import type { Head, Seal, StoredEntry } from '../../../shared/audit/seal.ts';
import { hashOf } from '../../../shared/audit/seal.ts';
import { type SealStore, sealEntries } from '../../../shared/audit/seal-entries.ts';
import {
  customerOf,
  type Flaw,
  personsToAsk,
  startProof,
  verifyChain,
} from '../../../shared/audit/verify-chain.ts';
import type { MeasuredEvent } from '../../../shared/observability/metrics.ts';

const chain = 'ORDER#1';
const nobody = new Set<string>();

function anEntry(index: number, fields: Record<string, unknown> = {}): StoredEntry {
  const at = new Date(Date.UTC(2026, 2, 1, 12, index)).toISOString();
  return {
    pk: chain,
    sk: `${at}#entry-${index}`,
    actorId: 'customer-1',
    entryId: `entry-${index}`,
    action: index === 0 ? 'order.created' : 'order.changed',
    entity: { type: 'order', id: '1' },
    actor: { id: 'customer-1', role: 'Customer' },
    at,
    where: { ip: '203.0.113.7', region: 'DE', device: 'test' },
    after: { status: 'Paid', total: { amount: 10 * index, currency: 'USD' } },
    reason: `because of ${index}`,
    ...fields,
  };
}

/** A chain in memory, as the table keeps it. */
function memoryStore() {
  const seals = new Map<string, Seal>();
  let head: Head | undefined;
  const store: SealStore = {
    async read(_, entries) {
      return { head, sealed: new Set(entries.filter((entry) => seals.has(entry))) };
    },
    async append(added, before, after) {
      if (before?.hash !== head?.hash) return false;
      for (const seal of added) seals.set(seal.entry, seal);
      head = after;
      return true;
    },
    async forget(_, entry, parts) {
      const seal = seals.get(entry);
      if (!seal) return;
      const { whereSalt, reasonSalt, ...rest } = seal;
      seals.set(entry, {
        ...rest,
        ...(parts.includes('where') || whereSalt === undefined ? {} : { whereSalt }),
        ...(parts.includes('reason') || reasonSalt === undefined ? {} : { reasonSalt }),
      });
    },
  };
  return { store, seals: () => [...seals.values()], head: () => head };
}

let made = 0;
const salt = () => createHash('sha256').update(String(++made)).digest('hex');

/** The sealer's ports, with those on the register of erasures. */
function portsOf(store: SealStore, ...erased: string[]) {
  const tampered: string[] = [];
  return {
    store,
    salt,
    lookup: {
      isErased: async (id: string) => erased.includes(id),
      customerOf: async () => 'customer-1',
    },
    publish: ({ about }: MeasuredEvent) => void tampered.push(String(about?.chain)),
    tampered,
  };
}

async function sealed(entries: readonly StoredEntry[]) {
  const memory = memoryStore();
  const written = entries.map((entry) => ({ entry, writtenAt: String(entry.at) }));
  await sealEntries(chain, written, memory.store, salt);
  return { chain, head: memory.head(), seals: memory.seals(), entries };
}

const flawsOf = (proof: Parameters<typeof verifyChain>[0], erased: ReadonlySet<string> = nobody): Flaw[] =>
  verifyChain(proof, erased).map(({ flaw }) => flaw);

const five = [0, 1, 2, 3, 4].map((index) => anEntry(index));

describe('a chain of five entries', () => {
  test('is proved as it was written', async () => {
    expect(flawsOf(await sealed(five))).toEqual([]);
  });

  test.each([
    ['what was done', { action: 'order.deleted' }],
    ['who did it', { actor: { id: 'somebody-else', role: 'Admin' } }],
    ['when', { at: '2026-03-01T12:30:00.000Z' }],
    ['from where', { where: { ip: '198.51.100.1', region: 'DE', device: 'test' } }],
    ['why', { reason: 'another reason' }],
    ['what nobody can read', { where: 'nowhere', reason: 7 }],
    ['a value in it', { after: { status: 'Paid', total: { amount: 1, currency: 'USD' } } }],
    ['an attribute that no entry has', { extra: true }],
  ])('shows that an entry says otherwise %s', async (_, change) => {
    const proof = await sealed(five);
    const entries = five.map((entry, index) => (index === 2 ? { ...entry, ...change } : entry));
    expect(flawsOf({ ...proof, entries })).toEqual(['entry_changed']);
  });

  test.each([0, 2, 4])('shows that entry %i is gone, the last too', async (gone) => {
    const proof = await sealed(five);
    expect(flawsOf({ ...proof, entries: five.toSpliced(gone, 1) })).toEqual(['entry_removed']);
    const withoutSeal = proof.seals.toSpliced(gone, 1);
    const hidden = { ...proof, seals: withoutSeal, entries: five.toSpliced(gone, 1) };
    expect(flawsOf(hidden)).toEqual([gone === 4 ? 'head_differs' : 'chain_broken']);
  });

  test('shows that all of it is gone', async () => {
    const proof = await sealed(five);
    expect(flawsOf({ ...proof, seals: [], entries: [] })).toEqual(['head_differs']);
    expect(flawsOf({ ...proof, entries: [] })).toEqual(Array(5).fill('entry_removed'));
  });

  test('shows that an entry was put in', async () => {
    const proof = await sealed(five);
    expect(flawsOf({ ...proof, entries: [...five, anEntry(9)] })).toEqual(['entry_unsealed']);
  });

  test('shows that entries changed places', async () => {
    const proof = await sealed(five);
    const [first, second, third, ...rest] = proof.seals as [Seal, Seal, Seal, ...Seal[]];
    const swapped = [first, { ...second, position: 3 }, { ...third, position: 2 }, ...rest];
    expect(flawsOf({ ...proof, seals: swapped })).toContain('chain_broken');
    const exchanged = five.map((entry, index) =>
      index === 1 ? { ...anEntry(2), sk: entry.sk } : index === 2 ? { ...anEntry(1), sk: entry.sk } : entry,
    );
    expect(flawsOf({ ...proof, entries: exchanged })).toEqual(['entry_changed', 'entry_changed']);
  });

  test('shows a seal that was made anew for a changed entry', async () => {
    const proof = await sealed(five);
    const forged = await sealed(
      five.map((entry, index) => (index === 2 ? anEntry(2, { action: 'x' }) : entry)),
    );
    const seals = proof.seals.map((seal, index) => {
      const { content = '' } = forged.seals[index] ?? {};
      const body = { ...seal, content };
      return index === 2 ? { ...body, hash: hashOf(body) } : seal;
    });
    expect(flawsOf({ ...proof, seals, entries: forged.entries })).toContain('chain_broken');
  });

  test('is proved in whatever order it is looked at', async () => {
    const { seals, head } = await sealed(five);
    fc.assert(
      fc.property(fc.shuffledSubarray(seals, { minLength: 5 }), (shuffled) => {
        const proof = startProof(chain);
        for (const seal of shuffled) {
          const entry = five.find(({ sk }) => sk === seal.entry);
          proof.add({ key: seal.entry, seal, entry }, () => 'none');
        }
        expect(proof.end(head)).toEqual([]);
      }),
    );
  });

  test('shows a seal that was put under the key of another entry, or is there twice', async () => {
    const { seals, head } = await sealed(five);
    const proof = startProof(chain);
    for (const [index, seal] of seals.entries()) {
      proof.add({ key: five[index]?.sk ?? '', seal, entry: five[index] }, () => 'none');
    }
    const [second] = seals.slice(1);
    proof.add({ key: 'elsewhere', seal: second }, () => 'none');
    expect(proof.end(head).map(({ flaw }) => flaw)).toEqual(['chain_broken', 'entry_removed']);
  });

  test('notes an entry that was written long after the moment that it tells', async () => {
    const memory = memoryStore();
    const late = { entry: anEntry(0), writtenAt: '2026-03-02T00:00:00.000Z' };
    await sealEntries(chain, [late], memory.store, salt);
    const proof = { chain, head: memory.head(), seals: memory.seals(), entries: [anEntry(0)] };
    expect(flawsOf(proof)).toEqual(['entry_late']);
  });
});

test.each(['entries', 'seals', 'head'] as const)(
  'no change of a single character anywhere in the %s goes unseen',
  async (part) => {
    const proof = await sealed(five);
    const text = canonicalJson(proof[part]);
    const places = [...text.matchAll(/[0-9a-zA-Z]/g)].map(({ index }) => index);
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.constantFrom(...'0123456789abcdef'), (index, character) => {
        const changed = text.slice(0, index) + character + text.slice(index + 1);
        fc.pre(changed !== text && isJson(changed) && canonicalJson(JSON.parse(changed)) !== text);
        expect(verifyChain({ ...proof, [part]: JSON.parse(changed) }, nobody)).not.toEqual([]);
      }),
      { numRuns: 200 },
    );
  },
);

function isJson(text: string): boolean {
  try {
    return JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

describe('an erasure', () => {
  const where = { ip: 'erased', region: 'erased', device: 'erased' };
  const erase = (entry: StoredEntry) => ({ ...entry, where, reason: 'erased' });

  test('leaves the chain whole, with nothing in the seal that tells of what was there', async () => {
    const memory = memoryStore();
    const answer = await sealRecords(
      stream([...five.map((entry) => inserted(entry)), ...five.map((entry) => changed(entry, erase(entry)))]),
      portsOf(memory.store, 'customer-1'),
    );
    expect(answer.batchItemFailures).toEqual([]);
    const proof = { chain, head: memory.head(), seals: memory.seals(), entries: five.map(erase) };
    expect(flawsOf(proof, new Set(['customer-1']))).toEqual([]);
    expect(proof.seals.every((seal) => seal.whereSalt === undefined)).toBe(true);
    expect(proof.seals.every((seal) => seal.reasonSalt === undefined)).toBe(true);
  });

  describe('of one part', () => {
    const byCustomer = anEntry(0);
    const byManager = anEntry(1, { actor: { id: 'manager-1', role: 'Manager' } });
    const own = { ...byCustomer, where };
    const others = { ...byManager, reason: 'erased' };

    async function afterErasure() {
      const memory = memoryStore();
      const records = [byCustomer, byManager].map((entry) => inserted(entry));
      const erasures = [changed(byCustomer, own), changed(byManager, others)];
      await sealRecords(stream([...records, ...erasures]), portsOf(memory.store, 'customer-1'));
      return { chain, head: memory.head(), seals: memory.seals() };
    }
    const proved = async (...entries: StoredEntry[]) =>
      flawsOf({ ...(await afterErasure()), entries }, new Set(['customer-1']));

    test('leaves the other part proved', async () => {
      expect(await proved(own, others)).toEqual([]);
    });

    test('is no cover for a change of the other part, by whomever the entry is', async () => {
      expect(await proved({ ...own, reason: 'I was forced to' }, others)).toEqual(['entry_changed']);
      const elsewhere = { ip: '198.51.100.99', region: 'RU', device: 'other' };
      expect(await proved(own, { ...others, where: elsewhere })).toEqual(['entry_changed']);
      expect(await proved(own, { ...others, where: undefined })).toEqual(['entry_changed']);
    });

    test('does not let the place of a member of staff be emptied along with the customer’s', async () => {
      expect(await proved(own, { ...others, where })).toEqual(['erased_without_erasure']);
    });
  });

  test('whose stream record was lost leaves salts that are found, and gone once they are forgotten', async () => {
    const memory = memoryStore();
    await sealRecords(stream(five.map((entry) => inserted(entry))), portsOf(memory.store));
    const entries = five.map((entry, index) => (index === 1 ? erase(entry) : entry));
    const look = () => ({ chain, head: memory.head(), seals: memory.seals(), entries });
    const found = verifyChain(look(), new Set(['customer-1']));
    expect(found.map(({ flaw, part }) => [flaw, part])).toEqual([
      ['salt_kept', 'where'],
      ['salt_kept', 'reason'],
    ]);
    await memory.store.forget(chain, anEntry(1).sk, ['where']);
    expect(flawsOf(look(), new Set(['customer-1']))).toEqual(['salt_kept']);
    await memory.store.forget(chain, anEntry(1).sk, ['reason']);
    expect(flawsOf(look(), new Set(['customer-1']))).toEqual([]);
  });

  test('is not taken for one when the entry said so from the start', async () => {
    const proof = await sealed([erase(anEntry(0))]);
    expect(flawsOf(proof)).toEqual([]);
    expect(flawsOf(proof, new Set(['customer-1']))).toEqual([]);
  });

  test('of nobody who is on the register is told at once, and its salts stay to prove it', async () => {
    const memory = memoryStore();
    const ports = portsOf(memory.store, 'somebody-else');
    await sealRecords(stream([inserted(anEntry(0)), changed(anEntry(0), erase(anEntry(0)))]), ports);
    expect(ports.tampered).toEqual([chain]);
    const proof = { chain, head: memory.head(), seals: memory.seals(), entries: [erase(anEntry(0))] };
    expect(proof.seals.map(({ whereSalt, reasonSalt }) => [whereSalt, reasonSalt])).not.toContain(undefined);
    expect(flawsOf(proof)).toEqual(['erased_without_erasure']);
    expect(verifyChain({ ...proof, entries: [anEntry(0)] }, nobody)).toEqual([]);
  });

  test('of the customer does not let the place of a member of staff go along', async () => {
    const memory = memoryStore();
    const ports = portsOf(memory.store, 'customer-1');
    const byManager = anEntry(1, { actor: { id: 'manager-1', role: 'Manager' } });
    await sealRecords(stream([inserted(byManager), changed(byManager, erase(byManager))]), ports);
    expect(ports.tampered).toEqual([chain]);
    const [seal] = memory.seals();
    expect([seal?.whereSalt === undefined, seal?.reasonSalt === undefined]).toEqual([false, true]);
  });

  test('of an order is its customer’s as long as one person alone is said to have placed it', () => {
    const by = (id: string) => ({ actor: { id, role: 'Customer' } });
    expect(customerOf([by('customer-1')])).toBe('customer-1');
    expect(customerOf([by('customer-1'), by('somebody-else')])).toBeUndefined();
    expect(customerOf([])).toBeUndefined();
  });

  test('is a flaw when nobody was erased', async () => {
    const proof = await sealed(five);
    const entries = five.map((entry, index) => (index === 1 ? erase(entry) : entry));
    expect(flawsOf({ ...proof, entries })).toEqual(['erased_without_erasure']);
    expect(flawsOf({ ...proof, entries }, new Set(['somebody-else']))).toEqual(['erased_without_erasure']);
  });

  test('is no cover for another change', async () => {
    const proof = await sealed(five);
    const entries = five.map((entry, index) => (index === 1 ? { ...erase(entry), action: 'x' } : entry));
    expect(flawsOf({ ...proof, entries }, new Set(['customer-1']))).toEqual(['entry_changed']);
  });
});

test('a long chain of an erased person is read through once, not once for each entry', () => {
  let looks = 0;
  const where = { ip: 'erased', region: 'erased', device: 'erased' };
  const entries = Array.from({ length: 200 }, (_, index) => {
    const entry = anEntry(index, { where, action: 'user.login' });
    return Object.defineProperty(entry, 'action', {
      enumerable: true,
      get: () => {
        looks += 1;
        return 'user.login';
      },
    });
  });
  expect(personsToAsk(entries, undefined)).toEqual(new Set(['customer-1']));
  verifyChain({ chain: 'ORDER#1', head: undefined, seals: [], entries }, new Set(['customer-1']));
  expect(looks).toBeLessThan(10 * entries.length);
});

describe('the stream of the trail', () => {
  test('delivered twice, in pieces and by two readers at once makes one chain', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }), async (sizes) => {
        const memory = memoryStore();
        const records = five.map((entry) => inserted(entry));
        const pieces: object[][] = [];
        for (let rest = records; rest.length > 0; ) {
          const size = sizes[pieces.length] ?? 5;
          pieces.push(rest.slice(0, size));
          rest = rest.slice(size);
        }
        for (const piece of pieces) {
          await Promise.all([piece, piece].map((same) => sealRecords(stream(same), portsOf(memory.store))));
        }
        await sealRecords(stream(records), portsOf(memory.store));
        const proof = { chain, head: memory.head(), seals: memory.seals(), entries: five };
        expect(flawsOf(proof)).toEqual([]);
        expect(proof.seals).toHaveLength(5);
      }),
      { numRuns: 30 },
    );
  });

  test('seals an entry as it was written, though it was changed or removed before', async () => {
    const memory = memoryStore();
    const forged = { ...anEntry(1), action: 'forged' };
    const records = [
      inserted(anEntry(0)),
      inserted(anEntry(1)),
      changed(anEntry(1), forged),
      removed(anEntry(0)),
    ];
    expect((await sealRecords(stream(records), portsOf(memory.store))).batchItemFailures).toEqual([]);
    const proof = { chain, head: memory.head(), seals: memory.seals(), entries: [forged] };
    expect(flawsOf(proof)).toEqual(['entry_removed', 'entry_changed']);
  });

  test('names the records of a chain that cannot be written now, and seals the others', async () => {
    const memory = memoryStore();
    const store: SealStore = {
      ...memory.store,
      read: (name, entries) =>
        name === chain ? memory.store.read(name, entries) : Promise.reject(new Error('busy')),
    };
    const other = inserted({ ...anEntry(7), pk: 'ORDER#2' });
    const answer = await sealRecords(stream([other, inserted(anEntry(0))]), portsOf(store));
    expect(answer.batchItemFailures).toEqual([{ itemIdentifier: other.dynamodb.SequenceNumber }]);
    expect(memory.seals()).toHaveLength(1);
  });
});

let sequence = 0;
const image = (entry: StoredEntry) => marshall(entry);
const position = (entry: StoredEntry) => ({
  SequenceNumber: String(++sequence),
  ApproximateCreationDateTime: Date.parse(String(entry.at)) / 1000,
});
const inserted = (entry: StoredEntry) => ({
  eventName: 'INSERT',
  dynamodb: { ...position(entry), NewImage: image(entry) },
});
const changed = (before: StoredEntry, after: StoredEntry) => ({
  eventName: 'MODIFY',
  dynamodb: { ...position(before), OldImage: image(before), NewImage: image(after) },
});
const removed = (entry: StoredEntry) => ({
  eventName: 'REMOVE',
  dynamodb: { ...position(entry), OldImage: image(entry) },
});
const stream = (Records: readonly object[]) => ({ Records });
