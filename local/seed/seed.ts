import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { TenantUsers } from '../auth0/tenant-users.ts';
import { localRegion } from '../template/names.ts';
import { seedProducts } from './seed-products.ts';
import { seedUsers } from './seed-users.ts';

export interface SeedOptions {
  readonly endpoint: string;
  /** Table names by environment variable. */
  readonly tables: Readonly<Record<string, string>>;
  readonly tenant: TenantUsers;
  readonly products: boolean;
}

/** Makes the known users and, if asked for, the demo catalogue. */
export async function seed({ endpoint, tables, tenant, products }: SeedOptions): Promise<void> {
  const client = new DynamoDBClient({
    endpoint,
    region: localRegion,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const table = (variable: string): string => {
    const name = tables[variable];
    if (name === undefined) throw new Error(`No Lambda has a ${variable}, so there is nothing to fill.`);
    return name;
  };
  const audit = table('AUDIT_TABLE');
  try {
    await Promise.all([
      seedUsers(documents, { users: table('USERS_TABLE'), audit }, tenant),
      products &&
        seedProducts(documents, {
          products: table('PRODUCTS_TABLE'),
          listings: table('LISTINGS_TABLE'),
          inventory: table('INVENTORY_TABLE'),
          audit,
        }),
    ]);
  } finally {
    client.destroy();
  }
}
