#!/usr/bin/env python3
"""Writes the numbered migrations as one C table: embed-migrations.py OUT.c NNNN-name.sql…"""
import os
import sys

out, paths = sys.argv[1], sorted(sys.argv[2:], key=os.path.basename)
with open(out, 'w', encoding='utf-8') as f:
    f.write('#include "store/migration.h"\n\nconst struct migration migrations[] = {\n')
    before = 0
    for path in paths:
        name = os.path.basename(path)
        n = int(name.split('-')[0])
        if n <= before:
            sys.exit(f'{name}: this number is taken')
        before = n
        f.write(f'\t{{ {n}, "{name}",\n')
        with open(path, encoding='utf-8') as sql:
            for line in sql:
                line = line.rstrip('\n').replace('\\', '\\\\').replace('"', '\\"').replace('\t', '\\t')
                f.write(f'\t  "{line}\\n"\n')
        f.write('\t},\n')
    f.write(f'}};\nconst size_t migration_count = {len(paths)};\n')
