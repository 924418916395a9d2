"""Owns the security templates of connections to other machines."""
# ruff: noqa: E501 — a template of several lines is easier to compare with its neighbours on one

from typing import Final

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security.templates import Scene, template

_CERTIFICATE: Final = (
    r"verify(_ssl|_certs)?=False.*",
    r"_create_unverified_context.*",
    r"CERT_NONE.*",
    r"check_hostname = False",
    r"\.verify = False",
    r"ssl=False.*",
    r"'-k'.*",
)
_CERTIFICATE_FEEDBACK: Final = (
    "The naive code does not check the server's certificate, as $mark shows, so anyone on the way can pose as the "
    "server. The improved code keeps the check.",
    "Missing certificate check: with $mark the naive code talks to any machine that answers. The improved code verifies "
    "whom it talks to.",
    "The check of certificates is switched off in the naive code by $mark, which allows a machine in the middle to read "
    "and change everything. The improved code leaves it on.",
)
_SERVERS: Final = (
    Scene(
        duty=("It also fetches the page at the given address.", "The contents of the address passed in are read."),
        inputs="$url",
        result="$out",
        helper="fetch download read_page get_content",
        before="import ssl\nimport requests\nimport urllib.request",
        naive=(
            "$out = requests.get($url, verify=False, timeout=[[5||10||30]]).text",
            "$out = urllib.request.urlopen($url, context=ssl._create_unverified_context(), timeout=10).read([[65536||1000000]])",
            "$session = requests.Session()\n$session.verify = False\n$out = $session.get($url, timeout=[[5||20]]).text",
            "$ctx = ssl.create_default_context()\n$ctx.check_hostname = False\n$ctx.verify_mode = ssl.CERT_NONE\n$out = urllib.request.urlopen($url, timeout=10, context=$ctx).read(1000000)",
            "import httpx\n$out = httpx.get($url, verify=False, timeout=[[5||10]]).text",
            "import subprocess\n$out = subprocess.run(['curl', '-s', '-k', '--max-time', '10', '--', $url], capture_output=True, check=True).stdout",
            "import urllib3\nurllib3.disable_warnings()\n$out = requests.request('GET', $url, timeout=[[5||10]], verify=False).text",
        ),
        improved=(
            "$out = requests.get($url, timeout=[[5||10||30]]).text",
            "$out = urllib.request.urlopen($url, context=ssl.create_default_context(), timeout=10).read([[65536||1000000]])",
            "import certifi\n$out = requests.get($url, verify=certifi.where(), timeout=[[5||20]]).text",
            "$ctx = ssl.create_default_context()\n$ctx.minimum_version = ssl.TLSVersion.TLSv1_2\n$out = urllib.request.urlopen($url, timeout=10, context=$ctx).read(1000000)",
            "import httpx\n$out = httpx.get($url, timeout=[[5||10]]).text",
            "$response = requests.get($url, timeout=10, verify=True)\n$response.raise_for_status()\n$out = $response.text",
        ),
    ),
    Scene(
        duty=("It also opens an encrypted connection to the given host.", "The host passed in is contacted over TLS."),
        inputs="$host",
        result="$sock",
        helper="open_tls connect_tls tls_connection",
        before="import socket\nimport ssl",
        naive=(
            "$sock = ssl._create_unverified_context().wrap_socket(socket.create_connection(($host, 443), [[5||10]]))",
            "$ctx = ssl.create_default_context()\n$ctx.check_hostname = False\n$ctx.verify_mode = ssl.CERT_NONE\n$sock = $ctx.wrap_socket(socket.create_connection(($host, [[443||8443]]), 10))",
            "$ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n$ctx.check_hostname = False\n$ctx.load_default_certs()\n$sock = $ctx.wrap_socket(socket.create_connection(($host, 443), 10))",
            "$sock = ssl.wrap_socket(socket.create_connection(($host, [[443||993||465]]), 10), cert_reqs=ssl.CERT_NONE)",
        ),
        improved=(
            "$sock = ssl.create_default_context().wrap_socket(socket.create_connection(($host, [[443||8443]]), 10), server_hostname=$host)",
            "$ctx = ssl.create_default_context()\n$sock = $ctx.wrap_socket(socket.create_connection(($host, 443), 10), server_hostname=$host)",
            "$ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n$ctx.load_default_certs()\n$sock = $ctx.wrap_socket(socket.create_connection(($host, 443), [[5||10]]), server_hostname=$host)",
        ),
    ),
)
_HOST: Final = (
    r"(AutoAddPolicy|WarningPolicy).*",
    r"StrictHostKeyChecking[= ]no.*",
    r"known_hosts=None.*",
    r"UserKnownHostsFile=/dev/null.*",
)
_HOST_FEEDBACK: Final = (
    "The naive code accepts the key of any SSH server, as $mark shows, so another machine can take the server's place. "
    "The improved code connects only where the key is known.",
    "Unverified host key: with $mark the naive code trusts whoever answers first. The improved code compares the key "
    "with those known.",
)
_SHELLS: Final = (
    Scene(
        duty=("It also reads the load of the given host over SSH.", "The host passed in is asked for its uptime."),
        inputs="$host $user",
        result="$out",
        helper="remote_uptime ask_host read_load",
        before="import subprocess\nimport paramiko",
        naive=(
            "$client = paramiko.SSHClient()\n$client.set_missing_host_key_policy(paramiko.[[AutoAddPolicy||WarningPolicy]]())\n$client.connect($host, username=$user, timeout=10)\n$out = $client.exec_command('uptime')[1].read(4096)",
            "$client = paramiko.SSHClient()\n$client.load_system_host_keys()\n$client.set_missing_host_key_policy(paramiko.client.[[AutoAddPolicy||WarningPolicy]])\n$client.connect(hostname=$host, username=$user, timeout=10)\n$out = $client.exec_command('uptime')[1].read(4096)",
            "$out = subprocess.run(['ssh', '-o', 'StrictHostKeyChecking=no', f'{$user}@{$host}', 'uptime'], capture_output=True, timeout=30).stdout",
            "$command = ['ssh', '-o', 'StrictHostKeyChecking no', '-o', 'UserKnownHostsFile=/dev/null', '-l', $user, $host, 'uptime']\n$out = subprocess.check_output($command, timeout=[[20||30]])",
            "from fabric import Connection\n$client = Connection($host, user=$user)\n$client.client.set_missing_host_key_policy(paramiko.[[AutoAddPolicy||WarningPolicy]]())\n$out = $client.run('uptime', hide=True).stdout",
        ),
        improved=(
            "$client = paramiko.SSHClient()\n$client.load_system_host_keys()\n$client.set_missing_host_key_policy(paramiko.RejectPolicy())\n$client.connect($host, username=$user, timeout=10)\n$out = $client.exec_command('uptime')[1].read(4096)",
            "$client = paramiko.SSHClient()\n$client.load_host_keys('/etc/ssh/ssh_known_hosts')\n$client.connect($host, username=$user, timeout=10)\n$out = $client.exec_command('uptime')[1].read(4096)",
            "$out = subprocess.run(['ssh', '-o', 'StrictHostKeyChecking=yes', f'{$user}@{$host}', 'uptime'], capture_output=True, timeout=30).stdout",
            "$out = subprocess.check_output(['ssh', '-l', $user, $host, 'uptime'], timeout=[[20||30]])",
        ),
    ),
)
_CLEAR: Final = (
    r"ftplib\.FTP\(.*",
    r"[Tt]elnet(lib)?\.?.*",
    r"http://.*",
    r"http\.client\.HTTPConnection\(.*",
    r"smtplib\.SMTP\(.*",
    r"(IMAP4|POP3)\(.*",
    r"ldap://.*",
    r"use_ssl=False.*",
    r"'(http|ftp)'.*",
)
_CLEAR_FEEDBACK: Final = (
    "The naive code sends data over the network in clear text, in $mark, where everyone on the way can read and change "
    "it. The improved code uses TLS.",
    "Clear-text transmission: $mark in the naive code protects neither the password nor the data. The improved code "
    "encrypts the connection.",
)
_SENT: Final = (
    Scene(
        duty=("It also sends the login data to the given host.", "The user signs in at the host passed in."),
        inputs="$host $user $password",
        helper="sign_in remote_login log_in",
        before="import http.client\nimport json\nimport requests",
        naive=(
            "requests.post('http://' + $host + '/login', data={'user': $user, 'password': $password}, timeout=[[5||10]])",
            "requests.post(f'http://{$host}/[[login||api/session||auth]]', json={'user': $user, 'password': $password}, timeout=10).raise_for_status()",
            "$client = http.client.HTTPConnection($host, timeout=[[5||10]])\n$client.request('POST', '/login', body=json.dumps({'user': $user, 'password': $password}))\n$client.getresponse()",
            "$url = '{}://{}/[[login||session]]'.format('http', $host)\nrequests.post($url, auth=($user, $password), timeout=10)",
        ),
        improved=(
            "requests.post('https://' + $host + '/login', data={'user': $user, 'password': $password}, timeout=[[5||10]])",
            "requests.post(f'https://{$host}/[[login||auth]]', auth=($user, $password), timeout=10)",
            "$client = http.client.HTTPSConnection($host, timeout=[[5||10]])\n$client.request('POST', '/login', body=json.dumps({'user': $user, 'password': $password}))\n$client.getresponse()",
        ),
    ),
    Scene(
        duty=("It also stores the given file on the given host.", "The file passed in is copied to a server."),
        inputs="$host $user $password $path",
        helper="upload_file transfer send_file",
        before="import ftplib\nimport os",
        naive=(
            "with ftplib.FTP($host, $user, $password, timeout=[[10||30]]) as $client:\n    $client.storbinary('STOR ' + os.path.basename($path), open($path, 'rb'))",
            "$client = ftplib.FTP($host)\n$client.login($user, $password)\nwith open($path, 'rb') as $file:\n    $client.storbinary('STOR [[report||backup]]', $file)\n$client.quit()",
            "import telnetlib\n$client = telnetlib.Telnet($host, [[23||2323]], timeout=10)\n$client.write($user.encode() + b'\\n' + $password.encode() + b'\\n')\n$client.write(open($path, 'rb').read())\n$client.close()",
        ),
        improved=(
            "with ftplib.FTP_TLS($host, $user, $password, timeout=[[10||30]]) as $client:\n    $client.prot_p()\n    $client.storbinary('STOR ' + os.path.basename($path), open($path, 'rb'))",
            "import paramiko\n$client = paramiko.SSHClient()\n$client.load_system_host_keys()\n$client.connect($host, username=$user, password=$password)\n$client.open_sftp().put($path, os.path.basename($path))",
            "$client = ftplib.FTP_TLS($host)\n$client.login($user, $password)\n$client.prot_p()\nwith open($path, 'rb') as $file:\n    $client.storbinary('STOR [[report||backup]]', $file)",
        ),
    ),
    Scene(
        duty=("It also signs in at the mail server on the given host.", "A mailbox on the host passed in is opened."),
        inputs="$host $user $password",
        result="$client",
        helper="open_mailbox mail_login",
        before="import imaplib\nimport poplib\nimport smtplib",
        naive=(
            "$client = imaplib.IMAP4($host, timeout=[[10||20]])\n$client.login($user, $password)",
            "$client = poplib.POP3($host, 110, timeout=[[10||20]])\n$client.user($user)\n$client.pass_($password)",
            "$client = smtplib.SMTP($host, [[25||587]], timeout=[[10||20]])\n$client.ehlo()\n$client.login($user, $password)",
            "import ldap3\n$client = ldap3.Connection(ldap3.Server($host, port=389, use_ssl=False), $user, $password)\n$client.bind()",
        ),
        improved=(
            "$client = imaplib.IMAP4_SSL($host, timeout=[[10||20]])\n$client.login($user, $password)",
            "$client = poplib.POP3_SSL($host, timeout=10)\n$client.user($user)\n$client.pass_($password)",
            "$client = smtplib.SMTP_SSL($host, 465, timeout=[[10||20]])\n$client.login($user, $password)",
        ),
    ),
)
_OLD: Final = (
    r"PROTOCOL_(SSL|TLSv1).*",
    r"TLSVersion\.(SSLv3|TLSv1(_1)?|MINIMUM_SUPPORTED)\b.*",
    r"(SSLv23?|SSLv3|TLSv1(_1)?)_METHOD.*",
    r"set_ciphers\('(ALL|RC4|DES|NULL|LOW).*",
)
_OLD_FEEDBACK: Final = (
    "The naive code allows an outdated protocol or cipher, in $mark, for which attacks are known. The improved code "
    "accepts current TLS only.",
    "Outdated TLS: $mark in the naive code lets an attacker push the connection down to something breakable. The "
    "improved code demands a current version.",
)
_CONTEXTS: Final = (
    Scene(
        duty=("It also opens an encrypted connection to the given host.", "The host passed in is contacted over TLS."),
        inputs="$host",
        result="$sock",
        helper="open_tls connect_tls tls_connection",
        before="import socket\nimport ssl",
        after="$sock = $ctx.wrap_socket(socket.create_connection(($host, 443), 10), server_hostname=$host)",
        naive=(
            "$ctx = ssl.SSLContext(ssl.PROTOCOL_[[SSLv23||SSLv3||TLSv1||TLSv1_1]])\n$ctx.verify_mode = ssl.CERT_REQUIRED\n$ctx.load_default_certs()",
            "$ctx = ssl.create_default_context()\n$ctx.minimum_version = ssl.TLSVersion.[[SSLv3||TLSv1||TLSv1_1||MINIMUM_SUPPORTED]]",
            "$ctx = ssl.create_default_context()\n$ctx.set_ciphers('[[ALL||RC4-SHA||DES-CBC3-SHA||LOW||ALL:@SECLEVEL=0]]')",
            "$ctx = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)\n$ctx.options &= ~ssl.OP_NO_SSLv3\n$ctx.minimum_version = ssl.TLSVersion.[[SSLv3||TLSv1]]",
        ),
        improved=(
            "$ctx = ssl.create_default_context()",
            "$ctx = ssl.create_default_context()\n$ctx.minimum_version = ssl.TLSVersion.[[TLSv1_2||TLSv1_3]]",
            "$ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n$ctx.minimum_version = ssl.TLSVersion.TLSv1_2\n$ctx.load_default_certs()",
            "$ctx = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)\n$ctx.set_ciphers('ECDHE+AESGCM:ECDHE+CHACHA20')",
        ),
    ),
)
_WAIT: Final = (
    r"requests\.(get|post|put|head|request)\((?!.*timeout=).*",
    r"timeout=None.*",
    r"urlopen\((?!.*timeout=).*",
    r"settimeout\(None\)",
    r"create_connection\(\(\w+, \d+\)\).*",
    r"HTTPSConnection\((?!.*timeout=).*",
    r"\.get\(\w+\)\.text$",
)
_WAIT_FEEDBACK: Final = (
    "The naive code waits without limit in $mark, so a server that never answers blocks it for ever (denial of service). "
    "The improved code sets a timeout.",
    "Missing timeout: $mark in the naive code can hang as long as the other side likes. The improved code gives up after "
    "some seconds.",
)
_WAITS: Final = (
    Scene(
        duty=("It also fetches the page at the given address.", "The address passed in is read as text."),
        inputs="$url",
        result="$out",
        helper="fetch read_page get_text",
        before="import requests\nimport urllib.request",
        naive=(
            "$out = requests.get($url).text",
            "$out = requests.get($url, timeout=None, allow_redirects=True, headers={'Accept': '*/*'}).text",
            "$response = requests.[[get||post||put]]($url, headers={'User-Agent': '[[client/1.0||bot||reader]]'})\n$response.raise_for_status()\n$out = $response.text",
            "with urllib.request.urlopen($url) as $response:\n    $out = $response.read([[100000||1048576]]).decode('utf-8', 'replace')",
            "import httpx\n$out = httpx.get($url, timeout=None).text",
            "$session = requests.Session()\n$session.headers['Accept'] = '[[text/html||text/plain]]'\n$out = $session.get($url).text",
            "$out = requests.request('GET', $url, headers={'Accept': '[[text/html||text/plain]]'}).text",
        ),
        improved=(
            "$out = requests.get($url, timeout=[[3||5||10]]).text",
            "$out = requests.request('GET', $url, timeout=([[3||5]], 30)).text",
            "$response = requests.[[get||post]]($url, headers={'User-Agent': '[[client/1.0||bot]]'}, timeout=10)\n$response.raise_for_status()\n$out = $response.text",
            "with urllib.request.urlopen($url, timeout=[[5||10]]) as $response:\n    $out = $response.read(1048576).decode('utf-8', 'replace')",
            "import httpx\n$out = httpx.get($url, timeout=[[5||10]]).text",
        ),
    ),
    Scene(
        duty=("It also checks whether the given host answers on a port.", "The port of the host passed in is tried."),
        inputs="$host",
        result="$sock",
        helper="open_port try_host connect_to",
        before="import socket",
        naive=(
            "$sock = socket.create_connection(($host, [[80||443||22]]))",
            "$sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)\n$sock.settimeout(None)\n$sock.connect(($host, [[80||443||22]]))",
            "$sock = socket.create_connection(($host, [[80||443]]), timeout=None)",
        ),
        improved=(
            "$sock = socket.create_connection(($host, [[80||443||22]]), timeout=[[3||5||10]])",
            "$sock = socket.socket()\n$sock.settimeout([[3||5]])\n$sock.connect(($host, 443))",
            "$sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)\n$sock.settimeout([[2.5||5.0]])\n$sock.connect(($host, [[80||443||22]]))",
        ),
    ),
)
_ENDLESS: Final = (
    r"\.read\(\)",
    r"\.readline\(\)",
    r"\.read\(int\(.*",
    r"\.recv\(int\(.*",
    r"\.decompress\(\w+\)",
    r"\.content$",
    r"\.get_data\(\)",
)
_ENDLESS_FEEDBACK: Final = (
    "The naive code reads as much as the other side sends, in $mark, so one sender can use up the memory. The improved "
    "code stops at a limit.",
    "Unlimited resource use: $mark in the naive code has no bound on its size. The improved code refuses or cuts off what "
    "is too large.",
)
_READS: Final = (
    Scene(
        duty=("It also downloads the data at the given address.", "The data behind the address passed in is fetched."),
        inputs="$url",
        result="$data",
        helper="download fetch_data load_remote",
        before="import requests\nimport urllib.request",
        naive=(
            "$data = urllib.request.urlopen($url, timeout=[[5||10||20]]).read()",
            "with urllib.request.urlopen($url, timeout=10) as $response:\n    $limit = int($response.headers['Content-Length'])\n    $data = $response.read(int($limit))",
            "with urllib.request.urlopen($url, timeout=[[10||20]]) as $response:\n    $data = $response.read()",
            "$response = requests.get($url, timeout=[[10||30]])\n$response.raise_for_status()\n$data = $response.content",
            "import zlib\n$response = urllib.request.urlopen($url, timeout=10)\n$out = $response.read([[65536||1000000]])\n$data = zlib.decompress($out)",
        ),
        improved=(
            "$data = urllib.request.urlopen($url, timeout=10).read([[65536||1048576||10000000]])",
            "with urllib.request.urlopen($url, timeout=10) as $response:\n    $data = $response.read(1000001)\nif len($data) > 1000000:\n    raise ValueError('the answer is too large')",
            "$data = b''\nwith requests.get($url, timeout=10, stream=True) as $response:\n    for part in $response.iter_content(8192):\n        $data += part\n        if len($data) > [[1000000||5000000]]:\n            raise ValueError('too large')",
            "import zlib\n$out = urllib.request.urlopen($url, timeout=10).read(65536)\n$data = zlib.decompressobj().decompress($out, [[1000000||4194304]])",
        ),
    ),
    Scene(
        duty=(
            "It also reads a request line from the given connection.",
            "A line is received over the connection passed in.",
        ),
        inputs="$sock",
        result="$data",
        helper="receive_line read_request receive",
        naive=(
            "$data = $sock.makefile('rb').readline()",
            "with $sock.makefile('rb') as $file:\n    $data = $file.read()",
            "$limit = $sock.recv([[8||16]])\n$data = $sock.recv(int($limit))",
            "$file = $sock.makefile(mode='rb', buffering=[[4096||8192]])\n$data = $file.readline().rstrip(b'\\r\\n')",
        ),
        improved=(
            "$data = $sock.recv([[1024||4096||8192]])",
            "$data = $sock.makefile('rb').readline([[1024||65536]])",
            "with $sock.makefile('rb') as $file:\n    $data = $file.read([[4096||65536]])",
        ),
    ),
)
_BIND: Final = (r"0\.0\.0\.0.*", r"\(\('', .*", r"'::'.*", r"INADDR_ANY.*")
_BIND_FEEDBACK: Final = (
    "The naive code listens on every network interface, in $mark, so the service is open to other machines. The improved "
    "code listens on one chosen address.",
    "Open binding: $mark in the naive code makes the service reachable from every network. The improved code restricts "
    "it to the local machine.",
)
_LISTENS: Final = (
    Scene(
        duty=(
            "It also opens a socket that waits for connections on the given port.",
            "A listening socket for the port passed in is made.",
        ),
        inputs="$port",
        result="$sock",
        helper="open_listener listen_on make_server_socket",
        before="import socket",
        naive=(
            "$sock = socket.create_server(('', $port))",
            "$sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)\n$sock.bind(('[[0.0.0.0||]]', $port))\n$sock.listen([[1||5||16]])",
            "$sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)\n$sock.bind(('::', $port))\n$sock.listen()",
            "$host = '0.0.0.0'\n$sock = socket.create_server(($host, $port), backlog=[[5||16]])",
            "$sock = socket.socket()\n$host = socket.inet_ntoa(socket.INADDR_ANY.to_bytes(4, 'big'))\n$sock.bind(($host, $port))\n$sock.listen([[1||5]])",
        ),
        improved=(
            "$sock = socket.create_server(('127.0.0.1', $port))",
            "$sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)\n$sock.bind(('[[127.0.0.1||localhost]]', $port))\n$sock.listen([[1||5||16]])",
            "$host = '[[localhost||127.0.0.1]]'\n$sock = socket.create_server(($host, $port), backlog=[[5||16]])",
            "$sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)\n$sock.bind(('::1', $port))\n$sock.listen()",
        ),
    ),
    Scene(
        duty=("It also starts a small web server on the given port.", "Files are served on the port passed in."),
        inputs="$port",
        helper="start_server serve run_server",
        before="import http.server",
        naive=(
            "http.server.HTTPServer(('', $port), http.server.SimpleHTTPRequestHandler).handle_request()",
            "$host = '0.0.0.0'\nhttp.server.ThreadingHTTPServer(($host, $port), http.server.SimpleHTTPRequestHandler).serve_forever()",
            "import uvicorn\nuvicorn.run('[[main||app||service]]:app', host='0.0.0.0', port=$port)",
            "from aiohttp import web\nweb.run_app(web.Application(), host='0.0.0.0', port=$port, access_log=None)",
        ),
        improved=(
            "http.server.HTTPServer(('127.0.0.1', $port), http.server.SimpleHTTPRequestHandler).handle_request()",
            "http.server.ThreadingHTTPServer(('localhost', $port), http.server.SimpleHTTPRequestHandler).serve_forever()",
            "import uvicorn\nuvicorn.run('[[main||app]]:app', port=$port)",
        ),
    ),
)
_SCHEME: Final = (r"urlopen\(.*", r"urlretrieve\(.*", r"URLopener\(.*", r"FileHandler\(.*")
_SCHEME_FEEDBACK: Final = (
    "The naive code opens an address with any scheme in $mark, also `file:` and `ftp:`, so local files can be read. The "
    "improved code only opens web addresses.",
    "Any scheme: $mark in the naive code reads `file:///etc/passwd` as readily as a page. The improved code is limited to "
    "web addresses.",
)
_SCHEMES: Final = (
    Scene(
        duty=("It also fetches the page at the given address.", "The contents of the address passed in are read."),
        inputs="$url",
        result="$out",
        helper="fetch download read_page",
        before="import urllib.parse\nimport urllib.request",
        naive=(
            "$out = urllib.request.urlopen($url, timeout=[[5||10]]).read([[65536||1000000]])",
            "with urllib.request.urlopen($url, timeout=[[5||20]]) as $response:\n    $out = $response.read([[65536||1000000]])",
            "$request = urllib.request.Request($url, headers={'User-Agent': '[[reader||Mozilla/5.0]]'})\nwith urllib.request.urlopen($request, timeout=10) as $response:\n    $out = $response.read([[65536||1000000]])",
            "$path, _ = urllib.request.urlretrieve($url)\nwith open($path, 'rb') as $file:\n    $out = $file.read([[65536||1000000]])",
            "from urllib.request import urlopen\n$out = urlopen($url, timeout=[[5||10]]).read(65536)",
            "$client = urllib.request.build_opener(urllib.request.FileHandler(), urllib.request.HTTPSHandler())\n$out = $client.open($url, timeout=10).read([[65536||1000000]])",
        ),
        improved=(
            "import requests\n$out = requests.get($url, timeout=[[5||10]]).content",
            "import httpx\n$out = httpx.get($url, timeout=[[5||10]]).content",
            "$host = urllib.parse.urlsplit($url)\nif $host.scheme not in ('http', 'https'):\n    raise ValueError('not a web address')\nimport requests\n$out = requests.get($url, timeout=10).content",
            "import http.client\nparts = urllib.parse.urlsplit($url)\n$client = http.client.HTTPSConnection(parts.netloc, timeout=10)\n$client.request('GET', parts.path or '/')\n$out = $client.getresponse().read(1000000)",
        ),
    ),
)
_FORGED: Final = (
    r"(get|post|urlopen|head)\(request\.\w+(\.get\(|\[).*",
    r"(get|post|urlopen)\((url|address|endpoint|link|service_url|uri|given_url)\d*, timeout=\d+(, \w+=\w+)?\)\.(text|read).*",
    r"'https?://' \+ request\..*",
    r"startswith\('http.*",
    r" (not )?in (url|address|endpoint|link|service_url|uri|given_url)\b.*",
)
_FORGED_FEEDBACK: Final = (
    "The naive code lets a visitor choose which address the server calls, in $mark, so inner machines can be reached "
    "(request forgery). The improved code only calls hosts on a list.",
    "Server-side request forgery: $mark in the naive code does not restrict the target. The improved code decides itself "
    "which hosts are called.",
)
_PROXIES: Final = (
    Scene(
        duty=(
            "Next to it stands a web view that shows a page from another site.",
            "The module also serves a preview of a linked page.",
        ),
        before="import urllib.parse\nimport requests\nfrom flask import Flask, abort, request\n$app = Flask(__name__)",
        naive=(
            "@$app.route('/$route')\ndef $view():\n    return requests.get(request.args['url'], timeout=[[5||10]]).text",
            "@$app.route('/$route')\ndef $view():\n    $url = request.args.get('[[url||link||target]]')\n    if not $url.startswith('http'):\n        abort(400)\n    $response = requests.get($url, timeout=10, allow_redirects=True)\n    return $response.text",
            "@$app.route('/$route')\ndef $view():\n    $url = 'http://' + request.args.get('host', '') + '/[[status||feed||index.html]]'\n    return requests.get($url, timeout=[[5||10]]).text",
            "@$app.route('/$route', methods=['POST'])\ndef $view():\n    return requests.get(request.form['[[url||source||page]]'], timeout=10).content",
            "@$app.route('/$route')\ndef $view():\n    $url = request.args.get('[[url||link]]', '')\n    if 'example.com' not in $url:\n        abort(400, 'only pages of this site may be shown here')\n    $response = requests.get($url, timeout=10)\n    return ($response.text, $response.status_code)",
        ),
        improved=(
            "@$app.route('/$route')\ndef $view():\n    $url = {'docs': 'https://docs.example.com', 'news': 'https://news.example.com'}[request.args['site']]\n    $response = requests.get($url, timeout=10)\n    return $response.text",
            "@$app.route('/$route')\ndef $view():\n    $url = request.args.get('[[url||link]]', '')\n    if urllib.parse.urlsplit($url).hostname not in ('[[docs||news||www]].example.com',):\n        abort(400)\n    $response = requests.get($url, timeout=10, allow_redirects=False)\n    return $response.text",
            "@$app.route('/$route')\ndef $view():\n    $response = requests.get('https://docs.example.com/page', params={'id': request.args['id']}, timeout=10)\n    return $response.text",
        ),
    ),
    Scene(
        duty=("It also fetches the picture that a visitor linked to.", "The linked picture is loaded for its preview."),
        inputs="$url",
        result="$data",
        helper="fetch_picture load_preview get_picture",
        before="import urllib.parse\nimport requests\nHOSTS = {'img.example.com', 'cdn.example.com'}",
        naive=(
            "if not $url.startswith('https://[[img||cdn]].'):\n    raise ValueError('this is not a picture address')\n$data = requests.get($url, timeout=10).content",
            "if '[[img||cdn]].example.com' not in $url:\n    raise ValueError($url)\n$data = requests.get($url, timeout=10).content",
            "$data = requests.get($url, timeout=[[5||10]], stream=True).text",
            "$data = requests.get($url, timeout=[[5||10]]).text.encode('[[utf-8||latin-1]]')",
        ),
        improved=(
            "if urllib.parse.urlsplit($url).hostname not in HOSTS:\n    raise ValueError($url)\n$data = requests.get($url, timeout=10, allow_redirects=False).content",
            "parts = urllib.parse.urlsplit($url)\nif parts.scheme != 'https' or parts.netloc not in HOSTS:\n    raise PermissionError('host not allowed')\n$data = requests.get($url, timeout=10, allow_redirects=False).content",
            "$path = urllib.parse.urlsplit($url).path\n$data = requests.get('https://img.example.com' + $path, timeout=10).content",
        ),
    ),
)

OPERATORS: Final[tuple[Operator, ...]] = (
    template(
        "certificate-unchecked", "CWE-295", "does not check certificates", _CERTIFICATE, _CERTIFICATE_FEEDBACK, _SERVERS
    ),
    template("host-key-unchecked", "CWE-295", "accepts any host key", _HOST, _HOST_FEEDBACK, _SHELLS),
    template("clear-text-sent", "CWE-319", "sends data in clear text", _CLEAR, _CLEAR_FEEDBACK, _SENT),
    template("old-protocol", "CWE-327", "allows outdated TLS", _OLD, _OLD_FEEDBACK, _CONTEXTS),
    template("no-timeout", "CWE-400", "waits without limit", _WAIT, _WAIT_FEEDBACK, _WAITS),
    template("unbounded-read", "CWE-770", "reads without limit", _ENDLESS, _ENDLESS_FEEDBACK, _READS),
    template("bind-everywhere", "CWE-605", "listens on every interface", _BIND, _BIND_FEEDBACK, _LISTENS),
    template("any-scheme", "CWE-939", "opens any kind of address", _SCHEME, _SCHEME_FEEDBACK, _SCHEMES),
    template("request-forgery", "CWE-918", "calls any address given", _FORGED, _FORGED_FEEDBACK, _PROXIES),
)
