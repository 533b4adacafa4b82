// The routes that a server really has: what its router holds, and what its description lists.
import type { FastifyInstance } from 'fastify';

interface Description {
  readonly paths: Readonly<Record<string, object>>;
}

/**
 * `GET /v1/workflows/:` and so on, sorted, with every parameter and wildcard written as `:`.
 * @param wildcards paths that end with `*`: the router's tree does not say what stands before one, so the router is asked
 * for each by which methods it knows them.
 * @param description the OpenAPI document
 */
export function registeredRoutes(
  router: Pick<FastifyInstance, 'printRoutes' | 'hasRoute' | 'supportedMethods'>,
  description: Description,
  wildcards: readonly string[],
): string[] {
  const tree = router.printRoutes({ commonPrefix: false });
  const printed = routesOfTree(tree).filter((route) => !route.endsWith('*'));
  const wild = wildcards.flatMap((url) =>
    router.supportedMethods.filter((method) => router.hasRoute({ method, url })).map((method) => `${method} ${url}`),
  );
  const described = Object.entries(description.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  return withoutNames([...printed, ...wild, ...described]);
}

/** Each once, sorted, with every parameter and wildcard written as `:`. HEAD goes with GET, but for webhooks. */
export function withoutNames(routes: readonly string[]): string[] {
  const nameless = routes.map((route) => route.replace(/:\w+(\|:\w+)*|\{\w+\}|\*/g, ':'));
  return [...new Set(nameless)].filter((route) => !/^HEAD (?!\/v1\/webhooks\/)/.test(route)).sort();
}

/** How many wildcards the tree with its common prefixes has (without, they stand as one): each must be known to whoever asks. */
export function wildcardsOf(tree: string): number {
  return tree.split('\n').filter((line) => /(├──|└──) .*\* \(/.test(line)).length;
}

/** A branch of the tree is four characters wide: `│   └── /:id (GET, HEAD)`. */
function routesOfTree(tree: string): string[] {
  const above: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, branches = '', segment, methods = ''] =
      /^((?:[│ ] {3})*)(?:├──|└──) (.*?)(?: \(([A-Z, -]+)\))?$/.exec(line) ?? [];
    if (segment === undefined) return [];
    above.length = branches.length / 4;
    above.push(segment);
    const known = methods.split(', ').filter((method) => method !== '');
    return known.map((method) => `${method} ${above.join('')}`);
  });
}
