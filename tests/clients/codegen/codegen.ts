// What the client preset makes of our schema: typed documents, with a type for each custom scalar.

import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../../schema/schema.graphql',
  documents: ['program.ts'],
  generates: {
    'generated/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: { unmaskFunctionName: 'unmask' } },
      config: {
        documentMode: 'string',
        importExtension: '.js',
        strictScalars: true,
        useTypeImports: true,
        enumType: 'string-literal',
        scalars: { Date: 'string', DateTime: 'string', Decimal: 'string', EntityRef: 'string', JSON: 'unknown', JSONObject: 'Record<string, unknown>', URL: 'string' },
      },
    },
  },
};

export default config;
