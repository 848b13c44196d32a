import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { auditItem } from '../../shared/adapters/dynamodb/audit-trail.ts';
import { batchGet } from '../../shared/adapters/dynamodb/batch-get.ts';
import { transiently } from '../../shared/adapters/dynamodb/faults.ts';
import { orderKey } from '../../shared/adapters/dynamodb/order-item.ts';
import { userKey } from '../../shared/adapters/dynamodb/user-directory.ts';
import { mapAtOnce } from '../../shared/at-once.ts';
import { auditEntrySchema } from '../../shared/audit/audit-entry.ts';
import type { ChainFlaw } from '../../shared/audit/verify-chain.ts';
import { scan } from '../support/scan.ts';
import { retryEffects } from '../support/stage.ts';
import { readChain, type TrailTables } from './read-chain.ts';

export interface AnchorPorts extends TrailTables {
  readonly orders: string;
  readonly products: string;
  readonly users: string;
  readonly unitsPerSecond: number;
  readonly ageOf: (at: string) => number;
}

type Item = Readonly<Record<string, unknown>>;
type FoundFlaw = { readonly chain: string } & ChainFlaw;

/** What an order, product or user tells of its trail: that there is one, and its newest entries. */
interface Anchor {
  readonly chain: string;
  readonly entries: readonly { readonly pk: string; readonly sk: string }[];
}

const creations = new Set<unknown>(['order.created', 'product.created', 'user.registered']);
/** Whether an entry with this action tells of a creation; it is put in the transaction that creates. */
export const isCreation = (action: unknown): boolean => creations.has(action);

/** A step of the workflow stands on the order first; what a lost one left out comes with the checkout's end. */
const openStatuses = new Set(['Pending', 'AwaitingProfile', 'OnHold']);
const appendedMilliseconds = 60 * 60_000;
const chainsAtOnce = 8;

const storedEntrySchema = z.object(auditEntrySchema.shape);
const orderSchema = z.object({
  orderId: z.string(),
  status: z.string(),
  reversing: z.string().optional(),
  auditLogs: z.array(storedEntrySchema),
});
const productSchema = z.object({ productId: z.string(), auditLogs: z.array(storedEntrySchema) });
const keySchema = z.object({ pk: z.string(), sk: z.string() });

/**
 * Goes through all orders, products and users: each was created with an entry on the trail, and orders and products
 * mirror their newest ones. So a trail that is gone with its seals is missed all the same.
 * @param known chains that have their entry of the creation
 */
export async function* findUnanchored(
  ports: AnchorPorts,
  known: { readonly created: ReadonlySet<string>; readonly progress: (text: string) => void },
): AsyncGenerator<FoundFlaw> {
  for (const [name, table] of [
    ['Orders', ports.orders],
    ['Products', ports.products],
    ['Users', ports.users],
  ] as const) {
    const pace = {
      unitsPerSecond: ports.unitsPerSecond,
      onPage: (count: number) => known.progress(`${count} items of ${name} looked for in the trail …`),
    };
    for await (const page of scan(ports.dynamo, table, pace)) {
      yield* flawsOf(
        ports,
        page.flatMap((item) => anchorOf(item, ports)),
        known.created,
      );
    }
  }
}

/** The same of one entity, by its chain. */
export async function* findUnanchoredChain(ports: AnchorPorts, chain: string): AsyncGenerator<FoundFlaw> {
  const [type = '', ...rest] = chain.split('#');
  const id = rest.join('#');
  const places: Readonly<Record<string, { TableName: string; Key: Record<string, string> }>> = {
    ORDER: { TableName: ports.orders, Key: orderKey(id) },
    PRODUCT: { TableName: ports.products, Key: { productId: id } },
    USER: { TableName: ports.users, Key: userKey(id) },
  };
  const place = places[type];
  if (!place) return;
  const { Item } = await transiently(() =>
    ports.dynamo.send(new GetCommand({ ...place, ConsistentRead: true })),
  );
  if (Item) yield* flawsOf(ports, anchorOf(Item, ports), new Set());
}

/** What cannot be read as the item that it is says nothing here; the doctor finds it. */
function anchorOf(item: Item, { ageOf }: AnchorPorts): Anchor[] {
  if (typeof item.pk === 'string' && item.pk.startsWith('USER#')) return [{ chain: item.pk, entries: [] }];
  const product = productSchema.safeParse(item).data;
  if (product) return [{ chain: `PRODUCT#${product.productId}`, entries: keysOf(product.auditLogs) }];
  const order = item.sk === 'ORDER' ? orderSchema.safeParse(item).data : undefined;
  if (!order) return [];
  const isOpen = openStatuses.has(order.status) || order.reversing !== undefined;
  const due = order.auditLogs.filter(({ at }) => !isOpen && ageOf(at) > appendedMilliseconds);
  return [{ chain: `ORDER#${order.orderId}`, entries: keysOf(due) }];
}

function keysOf(entries: readonly z.infer<typeof storedEntrySchema>[]): Anchor['entries'] {
  const keys = entries.map((entry) => keySchema.parse(auditItem(entry)));
  return [...new Map(keys.map((key) => [key.sk, key])).values()];
}

async function* flawsOf(
  ports: AnchorPorts,
  anchors: readonly Anchor[],
  created: ReadonlySet<string>,
): AsyncGenerator<FoundFlaw> {
  // Created since the trail was read, or indeed missing: asked again, now that the entity is surely there.
  const doubtful = anchors.filter(({ chain }) => !created.has(chain));
  const missing = await mapAtOnce(doubtful, chainsAtOnce, async ({ chain }) =>
    (await hasCreation(ports, chain)) ? [] : [chain],
  );
  for (const chain of missing.flat()) {
    yield { chain, flaw: 'chain_missing', entry: undefined, detail: 'no entry tells of its creation' };
  }
  const gone = new Set(missing.flat());
  const keys = anchors.filter(({ chain }) => !gone.has(chain)).flatMap(({ entries }) => entries);
  const found = await batchGet(ports.dynamo, ports.audit, keys, retryEffects, { consistent: true });
  await ports.pace(keys.length);
  const there = new Set(found.map(({ pk, sk }) => `${pk} ${sk}`));
  for (const { pk, sk } of keys.filter((key) => !there.has(`${key.pk} ${key.sk}`))) {
    yield { chain: pk, flaw: 'entry_missing', entry: sk, detail: 'it is mirrored, and not on the trail' };
  }
}

async function hasCreation(ports: AnchorPorts, chain: string): Promise<boolean> {
  for await (const { links } of readChain(ports, chain)) {
    if (links.some(({ entry }) => isCreation(entry?.action))) return true;
  }
  return false;
}
