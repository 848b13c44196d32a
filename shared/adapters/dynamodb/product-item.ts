import { type Product, storedProductSchema } from '../../catalogue/product.ts';

/** Attributes that the record does not have are dropped. */
const itemSchema = storedProductSchema.strip();

export function toProduct(item: unknown): Product {
  return itemSchema.parse(item);
}
