"""Owns the security templates in which given text becomes part of an SQL statement."""
# ruff: noqa: E501 — a template of several lines is easier to compare with its neighbours on one

from typing import Final

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security.templates import Scene, template

_SQL: Final = (
    r"""f["'](SELECT|INSERT|UPDATE|DELETE|WITH)\b.*""",
    r"""["'](SELECT|INSERT|UPDATE|DELETE)\b.*["'] (%|\+) .*""",
    r"""["'](SELECT|INSERT|UPDATE|DELETE)\b.*["']\.format(_map)?\(.*""",
    r"""f["']status = .*""",
)
_SQL_FEEDBACK: Final = (
    "The naive code writes a given value into the text of the query in $mark, so a crafted value changes the statement "
    "(SQL injection). The improved code passes it as a bound parameter.",
    "SQL injection: $mark in the naive code formats untrusted text into SQL. The improved code keeps the statement "
    "constant and lets the driver bind the value.",
    "Because the naive code assembles the statement by string operations in $mark, a quote in the value ends the "
    "literal and the rest runs as SQL. The improved code uses a placeholder instead.",
)

_SELECTS: Final = (
    Scene(
        duty=(
            "It also fetches the rows of the $table table whose $column is the given value.",
            "The matching rows are looked up in the database as well.",
        ),
        inputs="$db $name",
        result="$items",
        helper="find_rows fetch_matching look_up select_rows",
        before="$cursor = $db.cursor()",
        after="$items = $cursor.[[fetchall()||fetchmany(50)||fetchone()]]",
        naive=(
            "$cursor.execute(f\"SELECT * FROM $table WHERE $column = '{$name}'\")",
            "$cursor.execute(\"SELECT * FROM $table WHERE $column = '%s'\" % $name)",
            '$cursor.execute("SELECT id, $column FROM $table WHERE $column = \'" + $name + "\'")',
            "$cursor.execute(\"SELECT * FROM $table WHERE $column = '{}'\".format($name))",
            "$query = f\"SELECT id FROM $table WHERE $column = '{$name}' ORDER BY id\"\n$cursor.execute($query)",
            '$query = "SELECT * FROM $table WHERE $column LIKE \'%" + $name + "%\'"\n$cursor.execute($query)',
            "$query = \"SELECT * FROM $table WHERE $column = '%s' AND active = 1\" % ($name,)\n$cursor.execute($query)",
        ),
        improved=(
            "$cursor.execute('SELECT * FROM $table WHERE $column = ?', ($name,))",
            "$cursor.execute('SELECT * FROM $table WHERE $column = %s', ($name,))",
            "$cursor.execute('SELECT id, $column FROM $table WHERE $column = :given', {'given': $name})",
            "$query = 'SELECT id FROM $table WHERE $column = ? ORDER BY id'\n$cursor.execute($query, [$name])",
            "$query = 'SELECT * FROM $table WHERE $column LIKE ?'\n$cursor.execute($query, ('%' + $name + '%',))",
            "$query = 'SELECT * FROM $table WHERE $column = %(given)s AND active = 1'\n$cursor.execute($query, {'given': $name})",
        ),
    ),
    Scene(
        duty=(
            "It also checks in the local database whether the given user exists.",
            "The sqlite file given is asked for the account passed in.",
        ),
        inputs="$path $user",
        result="$flag",
        helper="user_exists has_account check_user known_user",
        before="import sqlite3\n$db = sqlite3.connect($path)",
        naive=(
            "$flag = $db.execute(f\"SELECT 1 FROM $table WHERE name = '{$user}'\").fetchone() is not None",
            "$flag = bool($db.execute(\"SELECT count(*) FROM $table WHERE name = '%s'\" % $user).fetchone()[0])",
            '$query = "SELECT id FROM $table WHERE name = \'" + $user + "\'"\n$flag = bool($db.execute($query).fetchall())',
            "$query = \"SELECT id FROM $table WHERE name = '{}'\".format($user)\n$flag = $db.cursor().execute($query).fetchone() is not None",
        ),
        improved=(
            "$flag = $db.execute('SELECT 1 FROM $table WHERE name = ?', ($user,)).fetchone() is not None",
            "$flag = bool($db.execute('SELECT count(*) FROM $table WHERE name = :user', {'user': $user}).fetchone()[0])",
            "$query = 'SELECT id FROM $table WHERE name = ?'\n$flag = bool($db.execute($query, [$user]).fetchall())",
            "$cursor = $db.cursor()\n$cursor.execute('SELECT id FROM $table WHERE name = ? LIMIT 1', ($user,))\n$flag = $cursor.fetchone() is not None",
        ),
    ),
    Scene(
        duty=(
            "Beside it stands a login view that compares the posted name with the database.",
            "The module also serves a page that greets a registered person by name.",
        ),
        before="import sqlite3\nfrom flask import Flask, request\n$app = Flask(__name__)",
        naive=(
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $user = request.form['user']\n    $db = sqlite3.connect('app.db')\n"
            "    row = $db.execute(\"SELECT name FROM users WHERE login = '\" + $user + \"'\").fetchone()\n    return {'name': row[0] if row else None}",
            "@$app.route('/$route')\ndef $view():\n    $cursor = sqlite3.connect('app.db').cursor()\n"
            "    $cursor.execute(f\"SELECT name FROM users WHERE login = '{request.args.get('user')}'\")\n    return {'name': $cursor.fetchone()}",
            "@$app.route('/$route/<$user>')\ndef $view($user):\n    $query = \"SELECT name FROM users WHERE login = '%s'\" % $user\n"
            "    with sqlite3.connect('app.db') as $db:\n        row = $db.execute($query).fetchone()\n    return {'name': row}",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $query = \"SELECT name FROM users WHERE login = '{}'\".format(request.form['user'])\n"
            "    with sqlite3.connect('app.db') as $db:\n        return {'name': $db.execute($query).fetchone()}",
        ),
        improved=(
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    $user = request.form['user']\n    $db = sqlite3.connect('app.db')\n"
            "    row = $db.execute('SELECT name FROM users WHERE login = ?', ($user,)).fetchone()\n    return {'name': row[0] if row else None}",
            "@$app.route('/$route')\ndef $view():\n    $cursor = sqlite3.connect('app.db').cursor()\n"
            "    $cursor.execute('SELECT name FROM users WHERE login = ?', [request.args.get('user')])\n    return {'name': $cursor.fetchone()}",
            "@$app.route('/$route/<$user>')\ndef $view($user):\n    $query = 'SELECT name FROM users WHERE login = :login'\n"
            "    with sqlite3.connect('app.db') as $db:\n        row = $db.execute($query, {'login': $user}).fetchone()\n    return {'name': row}",
        ),
    ),
)

_CHANGES: Final = (
    Scene(
        duty=(
            "It also stores the given value for the given name in the $table table.",
            "A row with the name and the value passed in is written to the database.",
        ),
        inputs="$db $name $value",
        helper="store_row save_entry insert_row add_record",
        before="$cursor = $db.cursor()",
        after="$db.commit()",
        naive=(
            "$cursor.execute(f\"INSERT INTO $table (name, value) VALUES ('{$name}', '{$value}')\")",
            "$cursor.execute(\"INSERT INTO $table VALUES ('%s', '%s')\" % ($name, $value))",
            "$cursor.execute(\"INSERT INTO $table (name, value) VALUES ('{}', '{}')\".format($name, $value))",
            '$cursor.execute("INSERT INTO $table VALUES (\'" + $name + "\', \'" + str($value) + "\')")',
            "$query = f\"UPDATE $table SET value = '{$value}' WHERE name = '{$name}'\"\n$cursor.execute($query)",
            "$query = \"UPDATE $table SET value = '%s' WHERE name = '%s'\" % ($value, $name)\n$cursor.execute($query)",
        ),
        improved=(
            "$cursor.execute('INSERT INTO $table (name, value) VALUES (?, ?)', ($name, $value))",
            "$cursor.execute('INSERT INTO $table VALUES (%s, %s)', ($name, $value))",
            "$cursor.execute('INSERT INTO $table (name, value) VALUES (:name, :value)', {'name': $name, 'value': $value})",
            "$query = 'UPDATE $table SET value = ? WHERE name = ?'\n$cursor.execute($query, [$value, $name])",
            "$query = 'UPDATE $table SET value = %(value)s WHERE name = %(name)s'\n$cursor.execute($query, {'value': $value, 'name': $name})",
        ),
    ),
    Scene(
        duty=(
            "It also deletes the rows with the given $column from the $table table.",
            "Rows that carry the value passed in are removed from the database.",
        ),
        inputs="$db $name",
        helper="delete_rows remove_entry forget",
        before="$cursor = $db.cursor()\n$cursor.execute('SELECT count(*) FROM $table')",
        after="$db.commit()",
        naive=(
            "$cursor.execute(f\"DELETE FROM $table WHERE $column = '{$name}'\")",
            '$cursor.execute("DELETE FROM $table WHERE $column = \'" + $name + "\'")',
            "$cursor.execute(\"DELETE FROM $table WHERE $column = '%s'\" % $name)",
            "$query = \"DELETE FROM $table WHERE $column = '{0}'\".format($name)\n$cursor.execute($query)",
            "$cursor.executescript(f\"DELETE FROM $table WHERE $column = '{$name}'; VACUUM;\")",
        ),
        improved=(
            "$cursor.execute('DELETE FROM $table WHERE $column = ?', ($name,))",
            "$cursor.execute('DELETE FROM $table WHERE $column = %s', [$name])",
            "$query = 'DELETE FROM $table WHERE $column = :given'\n$cursor.execute($query, {'given': $name})",
            "$cursor.executemany('DELETE FROM $table WHERE $column = ?', [($name,)])",
        ),
    ),
)

_ORM: Final = (
    Scene(
        duty=(
            "It also loads the $table with the given $column through SQLAlchemy.",
            "The rows with the value passed in come from an SQLAlchemy session.",
        ),
        inputs="$session $name",
        result="$items",
        helper="load_rows fetch_rows query_rows",
        before="from sqlalchemy import text",
        naive=(
            "$items = $session.execute(text(f\"SELECT * FROM $table WHERE $column = '{$name}'\")).all()",
            "$items = $session.execute(text(\"SELECT * FROM $table WHERE $column = '%s'\" % $name)).fetchall()",
            '$query = text("SELECT * FROM $table WHERE $column = \'" + $name + "\'")\n$items = list($session.execute($query))',
            "$items = $session.execute(\"SELECT * FROM $table WHERE $column = '{}'\".format($name)).fetchall()",
        ),
        improved=(
            "$items = $session.execute(text('SELECT * FROM $table WHERE $column = :given'), {'given': $name}).all()",
            "$query = text('SELECT * FROM $table WHERE $column = :given').bindparams(given=$name)\n$items = list($session.execute($query))",
            "$query = text('SELECT * FROM $table WHERE $column = :given')\n$items = $session.execute($query, dict(given=$name)).fetchall()",
        ),
    ),
    Scene(
        duty=(
            "It also gets the row of the given key through Django's database connection.",
            "A row of the Django database is read by the name passed in.",
        ),
        inputs="$name",
        result="$items",
        helper="get_row read_row fetch_by_name",
        before="from django.db import connection\nconnection.ensure_connection()",
        naive=(
            "with connection.cursor() as $cursor:\n    $cursor.execute(f\"SELECT * FROM $table WHERE $column = '{$name}'\")\n    $items = $cursor.fetchall()",
            "with connection.cursor() as $cursor:\n    $cursor.execute(\"SELECT * FROM $table WHERE $column = '%s'\" % $name)\n    $items = $cursor.fetchall()",
            'with connection.cursor() as $cursor:\n    $query = "SELECT * FROM $table WHERE $column = \'" + $name + "\'"\n    $cursor.execute($query)\n    $items = $cursor.fetchall()',
            "$cursor = connection.cursor()\n$cursor.execute(\"SELECT * FROM $table WHERE $column = '{}'\".format($name))\n$items = $cursor.fetchall()",
        ),
        improved=(
            "with connection.cursor() as $cursor:\n    $cursor.execute('SELECT * FROM $table WHERE $column = %s', [$name])\n    $items = $cursor.fetchall()",
            "with connection.cursor() as $cursor:\n    $query = 'SELECT * FROM $table WHERE $column = %s'\n    $cursor.execute($query, ($name,))\n    $items = $cursor.fetchall()",
            "$cursor = connection.cursor()\n$cursor.execute('SELECT * FROM $table WHERE $column = %(given)s', {'given': $name})\n$items = $cursor.fetchall()",
        ),
    ),
    Scene(
        duty=(
            "It also finds the records of the model class that carry the given $column.",
            "The model's table is searched for the value passed in.",
        ),
        inputs="$obj $name",
        result="$items",
        helper="find_records search_model records_of",
        naive=(
            "$items = $obj.objects.raw(f\"SELECT * FROM $table WHERE $column = '{$name}'\")",
            "$items = $obj.objects.raw(\"SELECT * FROM $table WHERE $column = '%s'\" % $name)",
            '$items = list($obj.objects.raw("SELECT * FROM $table WHERE $column = \'" + $name + "\'"))',
            "$items = $obj.objects.extra(where=[f\"status = '{$name}'\"])",
        ),
        improved=(
            "$items = $obj.objects.raw('SELECT * FROM $table WHERE $column = %s', [$name])",
            "$items = $obj.objects.filter($column=$name)",
            "$items = list($obj.objects.filter($column__exact=$name).order_by('pk'))",
            "$items = $obj.objects.extra(where=['status = %s'], params=[$name])",
        ),
    ),
)

OPERATORS: Final[tuple[Operator, ...]] = (
    template("sql-formatted-select", "CWE-89", "formats values into a query", _SQL, _SQL_FEEDBACK, _SELECTS),
    template("sql-formatted-change", "CWE-89", "formats values into a change", _SQL, _SQL_FEEDBACK, _CHANGES),
    template("sql-formatted-orm", "CWE-89", "formats values into SQL of a framework", _SQL, _SQL_FEEDBACK, _ORM),
)
