import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FailureHook } from '../../local/options.ts';
import type { CallAnswer } from '../support/call-api.ts';
import { eventually } from '../support/local-stack.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

type Row = Record<string, unknown>;
interface Fault {
  readonly task: string;
  /** `after`: the task has done its work, and its answer is lost. */
  readonly when: 'before' | 'after';
  readonly errorType: 'TransientError' | 'FinalError';
}
/** An order of two products whose checkout meets each of these faults once. */
interface Scenario {
  readonly name: string;
  readonly faults: readonly Fault[];
  readonly paymentMethod?: string;
  readonly withProfile?: boolean;
}
interface Outcome {
  readonly order: CallAnswer['json'];
  readonly execution: string;
  readonly stock: readonly { initial: number; ordered: number; stockCount: number; availableCount: number }[];
  readonly ledgers: readonly { delta: number; stockCount: number }[][];
  readonly rowStates: readonly unknown[];
  readonly payment: Row | undefined;
  readonly record: Row | undefined;
  readonly orderCount: number;
  readonly notifications: readonly string[];
  readonly events: readonly string[];
  readonly audit: readonly string[];
  readonly deadLetters: readonly string[];
}

const whens = ['before', 'after'] as const;
const paidPath = [
  'validateProfile',
  'validateOrder',
  'authorize',
  'capture',
  'updateOrderStatus',
  'commit',
] as const;
const told = ['notify', 'track', 'record'] as const;
const undos = ['undo', 'release', 'failOrder'] as const;
/** Makes the checkout give up when it has taken the money and holds the stock. */
const givenUp: Fault = { task: 'commit', when: 'before', errorType: 'FinalError' };

const nameOf = ({ task, when, errorType }: Fault) => `${errorType} ${when} ${task}`;
const single = (fault: Fault): Scenario => ({ name: nameOf(fault), faults: [fault] });
const compensating = (fault: Fault): Scenario => ({ name: nameOf(fault), faults: [givenUp, fault] });
const each = (tasks: readonly string[], errorType: Fault['errorType']) =>
  tasks.flatMap((task) => whens.map((when): Fault => ({ task, when, errorType })));

const scenarios: readonly Scenario[] = [
  ...each(['waitForProfile'], 'TransientError').map((fault) => ({ ...single(fault), withProfile: false })),
  ...each(['holdForReview'], 'TransientError').map((fault) => ({
    ...single(fault),
    paymentMethod: 'pm_card_riskLevelElevated',
  })),
  { name: 'no fault', faults: [] },
  { name: 'given up', faults: [givenUp] },
  ...each([...paidPath, ...told], 'TransientError').map(single),
  ...each([...paidPath, ...told], 'FinalError').map(single),
  ...each(undos, 'TransientError').map(compensating),
  ...each(undos, 'FinalError').map(compensating),
];

const ordersAtOnce = 10;
/** The checkout's dead-letter queue has no name of its own; the local runtime takes its construct's. */
const deadLetterQueue = 'MessagingCheckoutDeadLetters';

let shop: Shop;
const outcomes = new Map<string, Outcome>();
const outcomeOf = (fault: Fault | string): Outcome => {
  const outcome = outcomes.get(typeof fault === 'string' ? fault : nameOf(fault));
  if (!outcome) throw new Error('There is no such scenario');
  return outcome;
};

/** Faults that an order has still to meet; a checkout that is faster than the answer to its order waits. */
const open = new Map<string, PromiseWithResolvers<Fault[]>>();
function faultsOf(orderId: string) {
  const known = open.get(orderId) ?? Promise.withResolvers<Fault[]>();
  open.set(orderId, known);
  return known;
}

const failures: FailureHook = async ({ event }) => {
  const { task, orderId } = event as { task?: string; orderId?: string };
  if (task === undefined || orderId === undefined) return undefined;
  const left = await faultsOf(orderId).promise;
  const index = left.findIndex((fault) => fault.task === task);
  if (index < 0) return undefined;
  const [fault] = left.splice(index, 1);
  return fault && { when: fault.when, error: { errorType: fault.errorType, errorMessage: 'injected' } };
};

const lines = [
  { initial: 10, ordered: 3 },
  { initial: 5, ordered: 5 },
] as const;

interface Placed {
  readonly scenario: Scenario;
  readonly customer: Customer;
  readonly orderId: string;
  readonly productIds: readonly string[];
}

async function place(scenario: Scenario): Promise<Placed> {
  const [customer, ...productIds] = await Promise.all([
    shop.newCustomer({ withProfile: scenario.withProfile ?? true }),
    ...lines.map(({ initial }) => shop.newProduct({ stockCount: initial })),
  ]);
  const { json } = await shop.place(customer, {
    items: productIds.flatMap((productId, index) => items(productId, lines[index]?.ordered)),
    paymentMethod: { token: scenario.paymentMethod ?? 'pm_card_visa' },
  });
  faultsOf(json.orderId).resolve([...scenario.faults]);
  return { scenario, customer, orderId: json.orderId, productIds };
}

/** What a person does for a checkout that pauses: completes the profile, or approves the order. */
async function help({ scenario, customer, orderId }: Placed): Promise<void> {
  if (scenario.withProfile === false) {
    await shop.inStatus(orderId, 'AwaitingProfile');
    await shop.saveDetails(customer);
  }
  if (scenario.paymentMethod) {
    await shop.inStatus(orderId, 'OnHold');
    // A decision that meets a lost token is kept on the order, and the next attempt takes it up.
    await shop.call('POST', `/order/${orderId}/approve`, { token: shop.manager, body: { reason: 'fine' } });
  }
}

async function observe(
  placed: Placed,
  tables: Record<'orders' | 'inventory' | 'audit', Row[]>,
): Promise<Outcome> {
  const { customer, orderId, productIds } = placed;
  const products = await Promise.all(productIds.map((productId) => shop.stockOf(productId)));
  const ledgers = await Promise.all(
    productIds.map((id) => shop.call('GET', `/product/${id}/stock`, { token: shop.admin })),
  );
  const { json: user } = await shop.call('GET', '/user/me', { token: customer.token });
  const ofOrder = (row: Row) => row.pk === `ORDER#${orderId}`;
  const { runtime } = shop;
  return {
    order: await shop.order(orderId),
    execution: runtime.executions().find(({ name }) => name === orderId)?.status ?? 'none',
    stock: products.map((product, index) => ({ ...(lines[index] ?? lines[0]), ...product })),
    ledgers: ledgers.map(({ json }) => json.items),
    rowStates: tables.inventory.filter((row) => row.sk === `ORDER#${orderId}`).map((row) => row.state),
    payment: tables.orders.find((row) => ofOrder(row) && row.sk === 'PAYMENT'),
    record: tables.orders.find((row) => ofOrder(row) && row.sk === 'ORDER'),
    orderCount: user.orderCount,
    notifications: runtime
      .outbox()
      .map(({ message }) => JSON.parse(message))
      .filter((message) => message.orderId === orderId)
      // The stream tells the customer of these, beside the checkout.
      .filter(({ notificationId }) => !/#order_(held|approved)$/.test(notificationId))
      .map((message) => message.type),
    events: runtime
      .streamRecords()
      .map(({ data }) => JSON.parse(data))
      .filter((event) => event.orderId === orderId)
      .map((event) => event.eventId),
    audit: tables.audit.filter(ofOrder).map((row) => String(row.action)),
    deadLetters: deadLetters()
      .filter((letter) => letter.orderId === orderId)
      .map((letter) => letter.task),
  };
}

const deadLetters = (): { orderId: string; task: string }[] =>
  shop.runtime.queueMessages(deadLetterQueue).map((message) => JSON.parse(message));

beforeAll(async () => {
  shop = await openShop({
    failures,
    retryIntervalScale: 0.001,
    // Time enough for all to be placed, whatever else the machine does, before the first is helped.
    stateTimeoutSeconds: { WaitForProfile: 300, HoldForReview: 300 },
  });
  const placed: Placed[] = [];
  // The stage's throttles hold here as on AWS, so not all at once.
  for (let start = 0; start < scenarios.length; start += ordersAtOnce) {
    placed.push(...(await Promise.all(scenarios.slice(start, start + ordersAtOnce).map(place))));
  }
  await Promise.all(placed.map(help));
  const deadline = Date.now() + 100_000;
  while (shop.runtime.executions().some((run) => run.status === 'RUNNING')) {
    if (Date.now() > deadline) throw new Error('Some checkouts did not end');
    await sleep(20);
  }
  await eventually(() => shop.runtime.executions().length === scenarios.length || undefined);
  const [orders, inventory, audit] = await Promise.all(
    ['ORDERS_TABLE', 'INVENTORY_TABLE', 'AUDIT_TABLE'].map((table) => shop.rows(table)),
  );
  const tables = { orders: orders ?? [], inventory: inventory ?? [], audit: audit ?? [] };
  for (const order of placed) outcomes.set(order.scenario.name, await observe(order, tables));
}, 240_000);
afterAll(() => shop?.stop());

/** An order without what differs from one to the next though they went alike. */
function likeness({ order, execution }: Outcome) {
  const { status, pricing, paymentInfo, flags, failure, address } = order;
  return {
    execution,
    status,
    pricing,
    address,
    failure,
    flags: { ...flags, lowStock: flags.lowStock.length },
    payment: { ...paymentInfo, paymentId: typeof paymentInfo.paymentId },
    items: order.items.map((item: Row) => [item.quantity, item.allocated, item.status]),
    timeline: order.timeline.map((step: Row) => [step.status, step.by]),
    audit: order.auditLogs.map((entry: Row) => entry.action),
  };
}

/** Stock and ledger agree, and nothing is held: all that was not sold is free. */
function expectStockSold(outcome: Outcome, isSold: boolean) {
  for (const { initial, ordered, stockCount, availableCount } of outcome.stock) {
    const left = isSold ? initial - ordered : initial;
    expect([stockCount, availableCount]).toEqual([left, left]);
  }
  expect(outcome.rowStates).not.toContain('HELD');
  outcome.ledgers.forEach((ledger, index) => {
    const { stockCount } = outcome.stock[index] ?? {};
    expect(ledger.reduce((sum, { delta }) => sum + delta, 0)).toBe(stockCount);
    expect(ledger[0]?.stockCount).toBe(stockCount);
  });
}

/** Entries of a manager's decision, which may have met a token that was lost. */
/** Steps that only some of these journeys take. */
const onTheWay = [
  'order.approved',
  'order.review_lost',
  'order.on_hold',
  'order.awaiting_profile',
  'order.profile_completed',
];
const unique = (values: readonly unknown[]) => new Set(values).size === values.length;

function expectPaid(outcome: Outcome, isTold: (task: string) => boolean = () => true) {
  expect(outcome).toMatchObject({ order: { status: 'Paid' }, execution: 'SUCCEEDED', orderCount: 1 });
  expectStockSold(outcome, true);
  expect(outcome.rowStates).toEqual(['SOLD', 'SOLD']);
  expect(outcome.payment).toMatchObject({ state: 'captured', attempts: 1 });
  expect(outcome.payment).not.toHaveProperty('undo');
  expect(outcome.order.paymentInfo.attempts).toBe(1);
  expect(outcome.notifications.filter((type) => type !== 'order_on_hold')).toEqual(
    isTold('notify') ? ['order_confirmation'] : [],
  );
  expect(new Set(outcome.events)).toEqual(
    new Set(isTold('track') ? [`${outcome.order.orderId}#order.paid`] : []),
  );
  expect(outcome.audit.filter((action) => !onTheWay.includes(action)).sort()).toEqual(
    isTold('record') ? ['order.created', 'order.paid'] : ['order.created'],
  );
}

function expectTakenBack(outcome: Outcome) {
  expect(outcome).toMatchObject({
    order: { status: 'Failed', failure: { code: 'internal' } },
    execution: 'FAILED',
    orderCount: 0,
    notifications: ['order_failed'],
  });
  expectStockSold(outcome, false);
  expect(outcome.payment).toMatchObject({ undo: 'done' });
  const isCharged = outcome.payment?.state === 'captured';
  const { paymentInfo, pricing } = outcome.order;
  expect(paymentInfo.refunded).toEqual(isCharged ? pricing.total : undefined);
  expect(new Set(outcome.events)).toEqual(new Set([`${outcome.order.orderId}#order.failed`]));
  const wasPaid = outcome.order.timeline.some(({ status }: Row) => status === 'Paid');
  expect([...outcome.audit].sort()).toEqual(
    wasPaid ? ['order.created', 'order.failed', 'order.paid'] : ['order.created', 'order.failed'],
  );
}

describe('a passing fault on the way to a paid order', () => {
  test('(without one, for comparison)', () => {
    expectPaid(outcomeOf('no fault'));
    expectTakenBack(outcomeOf('given up'));
  });

  test.each(each([...paidPath, ...told], 'TransientError').map((fault) => [nameOf(fault), fault] as const))(
    '%s leaves no trace',
    (_name, fault) => {
      const outcome = outcomeOf(fault);
      expectPaid(outcome);
      expect(likeness(outcome)).toEqual(likeness(outcomeOf('no fault')));
      expect(outcome.deadLetters).toEqual([]);
      expect(unique(outcome.audit)).toBe(true);
    },
  );

  test.each(
    each(['waitForProfile', 'holdForReview'], 'TransientError').map(
      (fault) => [nameOf(fault), fault] as const,
    ),
  )('%s does not keep the checkout from going on', (_name, fault) => {
    const outcome = outcomeOf(fault);
    expectPaid(outcome);
    expect(unique(outcome.notifications)).toBe(true);
  });
});

describe('a fault for good on the way to a paid order', () => {
  test.each(each(paidPath, 'FinalError').map((fault) => [nameOf(fault), fault] as const))(
    '%s takes everything back',
    (_name, fault) => {
      const outcome = outcomeOf(fault);
      expectTakenBack(outcome);
      const isAuthorized =
        paidPath.indexOf(fault.task as 'capture') > 2 || nameOf(fault) === 'FinalError after authorize';
      expect(outcome.payment?.attempts ?? 0).toBe(isAuthorized ? 1 : 0);
      expect(outcome.record).not.toHaveProperty('repair');
    },
  );

  test('after the sale returns what was sold, in the ledger too', () => {
    const outcome = outcomeOf('FinalError after commit');
    expect(outcome.rowStates).toEqual(['RETURNED', 'RETURNED']);
    expect(outcome.ledgers.map((ledger) => ledger.map(({ delta }) => delta))).toEqual([
      [3, -3, 10],
      [5, -5, 5],
    ]);
  });

  test.each(each(told, 'FinalError').map((fault) => [nameOf(fault), fault] as const))(
    '%s goes to the dead-letter queue and leaves the order paid',
    (_name, fault) => {
      const outcome = outcomeOf(fault);
      expectPaid(outcome, (task) => task !== fault.task || fault.when === 'after');
      expect(outcome.deadLetters).toEqual([fault.task]);
    },
  );
});

describe('a fault of an undo', () => {
  test.each(each(undos, 'TransientError').map((fault) => [nameOf(fault), fault] as const))(
    '%s leaves no trace',
    (_name, fault) => {
      const outcome = outcomeOf(fault);
      expectTakenBack(outcome);
      expect(likeness(outcome)).toEqual(likeness(outcomeOf('given up')));
      expect(outcome.record).not.toHaveProperty('repair');
    },
  );

  const repaired = (fault: Fault) =>
    ({ undo: 'UndoPayment', release: 'ReleaseInventory', failOrder: 'FailOrder' })[fault.task];

  test.each(each(undos, 'FinalError').map((fault) => [nameOf(fault), fault] as const))(
    '%s leaves a mark for repair, and the other undos are done',
    (_name, fault) => {
      const outcome = outcomeOf(fault);
      expect(outcome.execution).toBe('FAILED');
      expect(outcome.record?.repair).toMatchObject([{ step: repaired(fault), error: 'FinalError' }]);
      expect(outcome.notifications).toEqual(['order_failed']);
      const isUndone = (task: string) => task !== fault.task || fault.when === 'after';
      expect(outcome.payment?.undo).toBe(isUndone('undo') ? 'done' : undefined);
      expect(outcome.order.status).toBe(isUndone('failOrder') ? 'Failed' : 'Paid');
      expect(outcome.orderCount).toBe(isUndone('failOrder') ? 0 : 1);
      if (isUndone('release')) expectStockSold(outcome, false);
      else expect(outcome.rowStates).toEqual(['HELD', 'HELD']);
    },
  );
});
