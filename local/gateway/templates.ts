/** Values that `$context.…` stands for in the templates we use. */
export type TemplateContext = Readonly<Record<string, string>>;

export interface RenderedTemplate {
  readonly body: string;
  /** Headers that the template sets through `$context.responseOverride`. */
  readonly headers: Readonly<Record<string, string>>;
}

const headerOverride = /^#set\(\$context\.responseOverride\.header\.([\w-]+)\s*=\s*(.+)\)$/;
const headerRead = /^#set\(\$(\w+)\s*=\s*\$input\.params\(\)\.header\.get\("([\w-]+)"\)\)$/;
const conditional = /^#if\((?:!\$(\w+)|\$(\w+)\s*==\s*"([^"]*)")\)(.+)#end$/;

/**
 * Renders a mapping template. Known are `$context` variables and header overrides, and of Velocity what our templates
 * use, each on a line: a variable set to a header of the request, and `#if` on such a variable.
 * @param requestHeaders in the client's spelling
 */
export function renderTemplate(
  template: string,
  context: TemplateContext,
  requestHeaders: Readonly<Record<string, string>> = {},
): RenderedTemplate {
  const headers: Record<string, string> = {};
  const variables: Record<string, string | undefined> = {};
  /** Whether the line was a statement, which leaves nothing in the body. */
  const execute = (line: string): boolean => {
    const [, unset, compared, literal, statement] = conditional.exec(line) ?? [];
    if (statement !== undefined) {
      const holds = unset === undefined ? variables[compared ?? ''] === literal : !variables[unset];
      if (holds) execute(statement);
      return true;
    }
    const [, variable, header] = headerRead.exec(line) ?? [];
    if (variable !== undefined && header !== undefined) {
      variables[variable] = requestHeaders[header];
      return true;
    }
    const [, name, value] = headerOverride.exec(line) ?? [];
    if (name === undefined || value === undefined) return false;
    const known = value.startsWith('$') ? variables[value.slice(1)] : undefined;
    headers[name] = known ?? fill(value.replace(/^["']|["']$/g, ''), context);
    return true;
  };
  const lines = template.split('\n').filter((line) => !execute(line.trim()));
  return { body: fill(lines.join('\n'), context), headers };
}

/** A response parameter: `'a constant'`, or `context.requestId`. */
export function renderParameter(value: string, context: TemplateContext): string {
  return value.startsWith("'") ? value.slice(1, -1) : (context[value.replace(/^context\./, '')] ?? '');
}

function fill(text: string, context: TemplateContext): string {
  return text.replace(/\$context\.([\w.]+)/g, (_, name: string) => context[name] ?? '');
}
