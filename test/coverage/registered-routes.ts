// The routes that a server really has: what its router holds, and what its description lists.

interface Description {
  readonly paths: Readonly<Record<string, object>>;
}

/**
 * `GET /v1/workflows/:` and so on, sorted, with every parameter and wildcard written as `:`.
 * @param tree Fastify's `printRoutes({ commonPrefix: false })`
 * @param description the OpenAPI document; routes with a wildcard are taken from it alone, because the tree does not say
 * what stands before a wildcard.
 */
export function registeredRoutes(tree: string, description: Description): string[] {
  const printed = routesOfTree(tree).filter((route) => !route.endsWith('*'));
  const described = Object.entries(description.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  return withoutNames([...printed, ...described]);
}

/** Each once, sorted, with every parameter and wildcard written as `:`. HEAD goes with GET. */
export function withoutNames(routes: readonly string[]): string[] {
  const nameless = routes.map((route) => route.replace(/:\w+(\|:\w+)*|\{\w+\}|\*/g, ':'));
  return [...new Set(nameless)].filter((route) => !route.startsWith('HEAD ')).sort();
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
