import { Problem } from '../api/problem.ts';
import type { Product } from './product.ts';
import type { ProductReader } from './product-store.ts';

export function noSuchProduct(): Problem {
  return new Problem('not_found', 'There is no such product.');
}

/** @throws Problem not_found when nothing has the id, or the product is archived */
export async function findActiveProduct(
  products: Pick<ProductReader, 'find'>,
  productId: string,
): Promise<Product> {
  const product = await products.find(productId);
  if (!product || product.archived) {
    throw noSuchProduct();
  }
  return product;
}
