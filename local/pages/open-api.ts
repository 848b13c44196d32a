/** The API's OpenAPI document, loaded at the first request for it. */
export async function loadOpenApi(): Promise<unknown> {
  const [{ buildOpenApi }, { routes }] = await Promise.all([
    import('../../shared/api/openapi.ts'),
    import('../../shared/api/routes.ts'),
  ]);
  return buildOpenApi(routes);
}
