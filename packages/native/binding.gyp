{
  # node-gyp rebuild -- -Dsanitize=address (or undefined, or thread) builds an instrumented addon.
  'variables': { 'sanitize%': '' },
  'targets': [
    {
      'target_name': 'uring_actor',
      'conditions': [
        ['OS=="linux"', {
          'sources': [
            'cc/addon.cc',
            'cc/arguments.cc',
            'cc/cached_reads.cc',
            'cc/file_calls.cc',
            'cc/layout.cc',
            'cc/process.cc',
            'cc/ring.cc',
            'cc/ring_methods.cc',
            'cc/waker.cc',
          ],
          'include_dirs': ['<!@(node -p "require(\'node-addon-api\').include")'],
          'defines': [
            'NAPI_VERSION=9',
            'NAPI_DISABLE_CPP_EXCEPTIONS',
            # A TypeError that cannot be thrown because the thread is being terminated is no reason
            # to abort the process.
            'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
          ],
          'cflags_cc!': ['-std=gnu++20', '-std=gnu++17', '-std=gnu++1y', '-std=gnu++14'],
          'cflags_cc': ['-std=c++17'],
          'cflags': [
            '-Wall',
            '-Wextra',
            '-Werror',
            '-fvisibility=hidden',
            '-fstack-protector-strong',
          ],
          'ldflags': [
            '-Wl,-z,relro,-z,now',
            # Loaded only by a worker, the addon would be unmapped when that worker ends, and the
            # claim and the doorbell would be forgotten with it.
            '-Wl,-z,nodelete',
          ],
          'conditions': [
            ['sanitize!=""', {
              'cflags': ['-fsanitize=<(sanitize)', '-fno-omit-frame-pointer', '-g'],
              'ldflags': ['-fsanitize=<(sanitize)'],
            }],
          ],
          'configurations': {
            # Fortifying needs an optimised build; distributions define the macro already.
            'Release': { 'cflags': ['-U_FORTIFY_SOURCE', '-D_FORTIFY_SOURCE=2'] },
          },
        }, {
          'type': 'none',
        }],
      ],
    },
  ],
}
