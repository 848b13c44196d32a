import { RemovalPolicy } from 'aws-cdk-lib';
import {
  type Attribute,
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
  type TableProps,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

interface IndexDefinition {
  readonly partitionKey: string;
  readonly sortKey: string;
  /** The sort key is a number instead of a text. */
  readonly numeric?: boolean;
  /** Attributes beside the keys: every one, none, or those named. */
  readonly project: 'all' | 'keys' | readonly string[];
}

interface TableDefinition {
  readonly id: string;
  /** Environment variable that tells a Lambda the table's name. */
  readonly variable: string;
  readonly partitionKey: string;
  readonly sortKey?: string;
  readonly indexes?: Readonly<Record<string, IndexDefinition>>;
  readonly stream?: boolean;
  readonly timeToLive?: string;
}

/** Every table with its keys and indexes. `docs/data-model.md` tells which access pattern each one serves. */
export const tableDefinitions = {
  users: {
    id: 'Users',
    variable: 'USERS_TABLE',
    partitionKey: 'pk',
    indexes: {
      byRole: { partitionKey: 'role', sortKey: 'userId', project: 'all' },
      byListing: { partitionKey: 'listing', sortKey: 'userId', project: 'all' },
    },
  },
  products: {
    id: 'Products',
    variable: 'PRODUCTS_TABLE',
    partitionKey: 'productId',
    stream: true,
  },
  listings: {
    id: 'Listings',
    variable: 'LISTINGS_TABLE',
    partitionKey: 'list',
    sortKey: 'position',
    indexes: { byName: { partitionKey: 'list', sortKey: 'nameKey', project: 'all' } },
  },
  orders: {
    id: 'Orders',
    variable: 'ORDERS_TABLE',
    partitionKey: 'pk',
    sortKey: 'sk',
    stream: true,
    indexes: {
      byUser: { partitionKey: 'userId', sortKey: 'orderId', project: ['status'] },
      byStatus: { partitionKey: 'status', sortKey: 'orderId', project: 'keys' },
      byMonth: { partitionKey: 'createdMonth', sortKey: 'orderId', project: ['status'] },
      // Sparse: orders whose cancellation or refund is under way.
      byReversal: { partitionKey: 'reversing', sortKey: 'orderId', project: 'keys' },
    },
  },
  inventory: {
    id: 'Inventory',
    variable: 'INVENTORY_TABLE',
    partitionKey: 'pk',
    sortKey: 'sk',
    indexes: {
      byOrder: { partitionKey: 'orderId', sortKey: 'sk', project: 'all' },
      ledger: { partitionKey: 'ledgerProductId', sortKey: 'ledgerKey', project: 'all' },
      // Sparse: rows that are HELD, and no others.
      byExpiry: { partitionKey: 'holdShard', sortKey: 'heldUntil', project: ['orderId', 'productId'] },
    },
  },
  promotions: { id: 'Promotions', variable: 'PROMOTIONS_TABLE', partitionKey: 'pk', sortKey: 'sk' },
  audit: {
    id: 'Audit',
    variable: 'AUDIT_TABLE',
    partitionKey: 'pk',
    sortKey: 'sk',
    stream: true,
    // All that a person did, for export and erasure.
    indexes: { byActor: { partitionKey: 'actorId', sortKey: 'sk', project: 'all' } },
  },
  // The hash chain of the audit trail, apart from it: who may write entries may not write seals.
  auditSeals: { id: 'AuditSeals', variable: 'AUDIT_SEALS_TABLE', partitionKey: 'pk', sortKey: 'sk' },
  insights: {
    id: 'Insights',
    variable: 'INSIGHTS_TABLE',
    partitionKey: 'pk',
    sortKey: 'sk',
    // Only counters that are ranked carry a score, so only they are in it.
    indexes: { byScore: { partitionKey: 'pk', sortKey: 'score', numeric: true, project: 'keys' } },
  },
  idempotency: {
    id: 'Idempotency',
    variable: 'IDEMPOTENCY_TABLE',
    partitionKey: 'pk',
    timeToLive: 'expiresAt',
  },
} as const satisfies Record<string, TableDefinition>;

type Definitions = typeof tableDefinitions;
export type TableKey = keyof Definitions;
/** Names of all indexes; no two tables share one. */
export type IndexName = {
  [K in TableKey]: Definitions[K] extends { indexes: infer I } ? Extract<keyof I, string> : never;
}[TableKey];
export const tableKeys = [
  'users',
  'products',
  'listings',
  'orders',
  'inventory',
  'promotions',
  'audit',
  'auditSeals',
  'insights',
  'idempotency',
] as const satisfies readonly TableKey[];

/** Names of the indexes of a table. */
export function indexesOf(key: TableKey): string[] {
  const definition: TableDefinition = tableDefinitions[key];
  return Object.keys(definition.indexes ?? {});
}

/** A table with what a Lambda's rights and environment need to know of it. */
export interface DataTable {
  readonly table: Table;
  readonly variable: string;
}

export interface TablesProps {
  readonly key: IKey;
  /** Deletion protection, and the tables outlive their stack. */
  readonly protect: boolean;
}

/** All DynamoDB tables: on demand, restorable to any second of the last 35 days, under the customer's key. */
export class Tables extends Construct {
  readonly byKey: Readonly<Record<TableKey, DataTable>>;

  constructor(scope: Construct, id: string, props: TablesProps) {
    super(scope, id);
    const create = (definition: TableDefinition) => this.createTable(definition, props);
    this.byKey = {
      users: create(tableDefinitions.users),
      products: create(tableDefinitions.products),
      listings: create(tableDefinitions.listings),
      orders: create(tableDefinitions.orders),
      inventory: create(tableDefinitions.inventory),
      promotions: create(tableDefinitions.promotions),
      audit: create(tableDefinitions.audit),
      auditSeals: create(tableDefinitions.auditSeals),
      insights: create(tableDefinitions.insights),
      idempotency: create(tableDefinitions.idempotency),
    };
  }

  private createTable(definition: TableDefinition, { key, protect }: TablesProps): DataTable {
    const table = new Table(this, definition.id, {
      partitionKey: text(definition.partitionKey),
      ...(definition.sortKey ? { sortKey: text(definition.sortKey) } : {}),
      ...(definition.stream ? { stream: StreamViewType.NEW_AND_OLD_IMAGES } : {}),
      ...(definition.timeToLive ? { timeToLiveAttribute: definition.timeToLive } : {}),
      ...protection(protect),
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    });
    for (const [indexName, index] of Object.entries(definition.indexes ?? {})) {
      const { partitionKey, sortKey, numeric, project } = index;
      table.addGlobalSecondaryIndex({
        indexName,
        partitionKey: text(partitionKey),
        sortKey: numeric ? { name: sortKey, type: AttributeType.NUMBER } : text(sortKey),
        ...projection(project),
      });
    }
    return { table, variable: definition.variable };
  }
}

function text(name: string): Attribute {
  return { name, type: AttributeType.STRING };
}

function protection(protect: boolean): Pick<TableProps, 'deletionProtection' | 'removalPolicy'> {
  return {
    deletionProtection: protect,
    removalPolicy: protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  };
}

function projection(project: IndexDefinition['project']) {
  if (project === 'all') return { projectionType: ProjectionType.ALL };
  if (project === 'keys') return { projectionType: ProjectionType.KEYS_ONLY };
  return { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...project] };
}
