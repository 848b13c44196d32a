import { z } from 'zod';
import type { IndexSpec, KeyAttribute, KeySchema, TableModel, TableSpec } from './types.ts';

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const propertiesSchema = z.object({
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N']) })),
  KeySchema: keySchema,
  GlobalSecondaryIndexes: z
    .array(
      z.object({
        IndexName: z.string(),
        KeySchema: keySchema,
        Projection: z.object({
          ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
          NonKeyAttributes: z.array(z.string()).default([]),
        }),
      }),
    )
    .default([]),
  LocalSecondaryIndexes: z.undefined().optional(),
  StreamSpecification: z.object({ StreamViewType: z.literal('NEW_AND_OLD_IMAGES') }).optional(),
});

/** Reads the properties of AWS::DynamoDB::Table. Throws on what this store cannot be: binary keys, local indexes. */
export function toTableSpec({ name, properties }: TableModel): TableSpec {
  const parsed = propertiesSchema.parse(properties);
  const types = new Map(
    parsed.AttributeDefinitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]),
  );
  const toAttribute = (attribute: string): KeyAttribute => {
    const type = types.get(attribute);
    if (!type) throw new Error(`${name}: the key attribute ${attribute} has no type`);
    return { name: attribute, type };
  };
  const toKeys = (schema: z.infer<typeof keySchema>): KeySchema => {
    const partition = schema.find(({ KeyType }) => KeyType === 'HASH');
    if (!partition) throw new Error(`${name}: a key schema without a partition key`);
    const sort = schema.find(({ KeyType }) => KeyType === 'RANGE');
    return {
      partition: toAttribute(partition.AttributeName),
      sort: sort && toAttribute(sort.AttributeName),
    };
  };
  const keys = toKeys(parsed.KeySchema);
  const indexes = parsed.GlobalSecondaryIndexes.map(({ IndexName, KeySchema, Projection }): IndexSpec => {
    const indexKeys = toKeys(KeySchema);
    const named = [...attributeNames(keys), ...attributeNames(indexKeys), ...Projection.NonKeyAttributes];
    const holds = Projection.ProjectionType === 'ALL' ? undefined : new Set(named);
    return { name: IndexName, ...indexKeys, holds };
  });
  return {
    name,
    ...keys,
    indexes: new Map(indexes.map((index) => [index.name, index])),
    stream: parsed.StreamSpecification !== undefined,
  };
}

export function attributeNames({ partition, sort }: KeySchema): string[] {
  return sort ? [partition.name, sort.name] : [partition.name];
}
