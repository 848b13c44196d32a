import type { MethodModel } from '../template/api-model.ts';

export interface Match {
  readonly method: MethodModel;
  readonly pathParameters: Readonly<Record<string, string>>;
}

interface Candidate {
  readonly segments: readonly string[];
  readonly methods: readonly MethodModel[];
}

/** Finds a request's method. A literal segment wins over `{param}`, that over `{proxy+}`; a method over ANY. */
export function createMatcher(
  methods: readonly MethodModel[],
): (httpMethod: string, path: string) => Match | undefined {
  const byPath = Map.groupBy(methods, ({ path }) => path);
  const candidates: Candidate[] = [...byPath].map(([path, group]) => ({
    segments: path.split('/'),
    methods: group,
  }));
  candidates.sort((a, b) => parameterPositions(a).localeCompare(parameterPositions(b)));

  return (httpMethod, path) => {
    const segments = path.split('/');
    for (const candidate of candidates) {
      const pathParameters = matchSegments(candidate.segments, segments);
      if (!pathParameters) continue;
      const method =
        candidate.methods.find((model) => model.httpMethod === httpMethod) ??
        candidate.methods.find((model) => model.httpMethod === 'ANY');
      return method && { method, pathParameters };
    }
    return undefined;
  };
}

const isGreedy = (segment: string): boolean => segment.endsWith('+}');
const isParameter = (segment: string): boolean => segment.startsWith('{');

/** Sorts literal segments before parameters and those before the greedy one, leftmost first. */
function parameterPositions({ segments }: Candidate): string {
  return segments.map((segment) => (isGreedy(segment) ? '2' : isParameter(segment) ? '1' : '0')).join('');
}

/** @throws URIError on a malformed percent escape */
function matchSegments(
  pattern: readonly string[],
  actual: readonly string[],
): Record<string, string> | undefined {
  const isOpenEnded = isGreedy(pattern.at(-1) ?? '') && actual.length > pattern.length;
  if (pattern.length !== actual.length && !isOpenEnded) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    const given = isGreedy(segment) ? actual.slice(index).join('/') : (actual[index] ?? '');
    if (!isParameter(segment)) {
      if (segment !== given) return undefined;
    } else if (given === '') {
      return undefined;
    } else {
      parameters[segment.slice(1, isGreedy(segment) ? -2 : -1)] = decodeURIComponent(given);
    }
  }
  return parameters;
}
