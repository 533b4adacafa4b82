import { authenticationOf } from './authentication.js';
import { findProvider } from './catalog.js';

describe('the authentication of a configuration', () => {
  it.each(['constructor', 'toString', '__proto__', 'API_KEY'])('does not know the type %s', (type) => {
    const connector = findProvider('http');
    if (!connector) throw new Error('the catalogue has no http');
    expect(authenticationOf(connector, { auth_type: type })).toMatchObject([{ field: 'config.auth_type' }]);
  });
});
