// The wire as a client sees it: JSON in, JSON out, problems as errors.

export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(`${status} ${code}: ${message}`);
    this.name = 'ApiProblem';
  }
}

export class ApiClient {
  constructor(
    readonly url: string,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  get<T>(path: string): Promise<T> {
    return this.call('GET', path);
  }

  post<T>(path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.call('POST', path, body, headers);
  }

  patch<T>(path: string, body: object): Promise<T> {
    return this.call('PATCH', path, body);
  }

  private async call<T>(method: string, path: string, body?: object, headers: object = {}): Promise<T> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...this.headers, ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
    throw problemOf(response.status, text);
  }
}

function problemOf(status: number, text: string): ApiProblem {
  try {
    const { code, message } = JSON.parse(text) as { readonly code: string; readonly message: string };
    return new ApiProblem(status, code, message);
  } catch {
    return new ApiProblem(status, 'UNREADABLE', text.slice(0, 200));
  }
}
