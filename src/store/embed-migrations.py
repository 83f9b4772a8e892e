#!/usr/bin/env python3
"""Writes the numbered migrations as one C table: embed-migrations.py OUT.c NNNN-name.sql…"""
import os
import sys

out, paths = sys.argv[1], sorted(sys.argv[2:], key=os.path.basename)
with open(out, 'w', encoding='utf-8') as f:
    f.write('#include "store/migration.h"\n\nconst struct migration migrations[] = {\n')
    for n, path in enumerate(paths, 1):
        name = os.path.basename(path)
        if int(name.split('-')[0]) != n:
            sys.exit(f'{name}: migrations are numbered without gaps; expected {n:04}')
        f.write(f'\t{{ {n}, "{name}",\n')
        with open(path, encoding='utf-8') as sql:
            for line in sql:
                line = line.rstrip('\n').replace('\\', '\\\\').replace('"', '\\"').replace('\t', '\\t')
                f.write(f'\t  "{line}\\n"\n')
        f.write('\t},\n')
    f.write(f'}};\nconst size_t migration_count = {len(paths)};\n')
