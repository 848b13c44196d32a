import { z } from 'zod';
import { Html, html, page } from './html.ts';

const operationSchema = z.looseObject({
  summary: z.string().optional(),
  description: z.string().optional(),
  tags: z.array(z.string()).optional(),
  parameters: z
    .array(
      z.looseObject({
        name: z.string(),
        in: z.string(),
        required: z.boolean().optional(),
        description: z.string().optional(),
        schema: z.unknown().optional(),
      }),
    )
    .optional(),
  requestBody: z.looseObject({ content: z.record(z.string(), z.unknown()) }).optional(),
  responses: z.record(
    z.string(),
    z.looseObject({ description: z.string().optional(), content: z.unknown().optional() }),
  ),
});
const documentSchema = z.looseObject({
  info: z.looseObject({ title: z.string(), version: z.string(), description: z.string().optional() }),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()).optional() }).optional(),
});

const methods = ['get', 'post', 'put', 'patch', 'delete'];
const style = new Html(`<style>
article { border: 1px solid var(--line); border-radius: 8px; margin: .6rem 0; padding: .5rem .9rem; }
summary b { display: inline-block; min-width: 4.2rem; font: 600 13px ui-monospace, monospace; } summary code { font-size: 14px; }
</style>`);

/** The API's documentation, drawn from the OpenAPI document alone. */
export function docsPage(openApi: unknown): string {
  const document = documentSchema.parse(openApi);
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => methods.includes(method))
      .map(([method, operation]) => ({ path, method, operation: operationSchema.parse(operation) })),
  );
  const groups = Map.groupBy(
    operations,
    ({ operation, path }) => operation.tags?.[0] ?? path.split('/')[1] ?? '',
  );
  const sections = [...groups].map(
    ([name, group]) =>
      html`<h2>${name}</h2>${group.map(({ method, path, operation }) => article(method, path, operation))}`,
  );
  const schemas = Object.entries(document.components?.schemas ?? {}).map(
    ([name, schema]) =>
      html`<article id="schema-${name}"><details><summary>${name}</summary>${json(schema)}</details></article>`,
  );
  return page(
    document.info.title,
    html`${style}<p>${document.info.description} Version ${document.info.version}, <a href="/openapi.json">OpenAPI document</a>.</p>
${sections}${schemas.length > 0 ? html`<h2>Schemas</h2>${schemas}` : html``}`,
  );
}

function article(method: string, path: string, operation: z.infer<typeof operationSchema>): Html {
  const parameters = (operation.parameters ?? []).map(
    (
      parameter,
    ) => html`<tr><td><code>${parameter.name}</code>${parameter.required ? ' *' : ''}</td><td>${parameter.in}</td>
<td>${parameter.description} <code>${JSON.stringify(parameter.schema)}</code></td></tr>`,
  );
  const responses = Object.entries(operation.responses).map(
    ([status, response]) =>
      html`<tr><td><code>${status}</code></td><td>${response.description}${
        response.content === undefined
          ? html``
          : html`<details><summary>Body</summary>${json(response.content)}</details>`
      }</td></tr>`,
  );
  return html`<article><details><summary><b>${method.toUpperCase()}</b><code>${path}</code> ${operation.summary}</summary>
<p>${operation.description}</p>
${parameters.length > 0 ? html`<h4>Parameters</h4><table>${parameters}</table>` : html``}
${operation.requestBody ? html`<h4>Body</h4>${json(operation.requestBody.content)}` : html``}
<h4>Answers</h4><table>${responses}</table></details></article>`;
}

function json(value: unknown): Html {
  return html`<pre>${JSON.stringify(value, null, 2)}</pre>`;
}
