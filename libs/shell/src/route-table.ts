// Which paths exist, and with which methods: tells "no such path" from "not with this method".

interface Route {
  readonly matches: RegExp;
  readonly methods: Set<string>;
}

export class RouteTable {
  private readonly routes = new Map<string, Route>();

  /** @param pattern as Fastify writes it: `/v1/workflows/:id`, `/v1/webhooks/*` */
  add(pattern: string, methods: string | readonly string[]): void {
    const route = this.routes.get(pattern) ?? { matches: patternToRegExp(pattern), methods: new Set<string>() };
    for (const method of typeof methods === 'string' ? [methods] : methods) route.methods.add(method);
    this.routes.set(pattern, route);
  }

  /** Sorted; empty when no route has this path. */
  methodsOf(path: string): readonly string[] {
    const found = new Set<string>();
    for (const route of this.routes.values()) {
      if (route.matches.test(path)) for (const method of route.methods) found.add(method);
    }
    return [...found].sort();
  }
}

function patternToRegExp(pattern: string): RegExp {
  const segments = pattern
    .split('/')
    .map((segment) => (segment.startsWith(':') ? '[^/]+' : segment === '*' ? '.*' : escaped(segment)));
  return new RegExp(`^${segments.join('/')}$`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
