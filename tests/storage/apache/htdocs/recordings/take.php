<?php
// Takes a recording by PUT or POST and keeps it below $RECORDINGS: whole, or not at all.
// 201 new, 200 replaced, 400 bad name or a body cut short, 405 another verb, 507 it cannot be written.

declare(strict_types=1);

function answer(int $status, string $text): never
{
    http_response_code($status);
    header('Content-Type: text/plain; charset=utf-8');
    echo $text, "\n";
    exit;
}

function place(string $path): string
{
    foreach (explode('/', $path) as $part) {
        if ($part === '' || $part[0] === '.' || preg_match('/[\x00-\x1f\x7f]/', $part)) {
            answer(400, 'no name for a recording');
        }
    }
    return getenv('RECORDINGS') . '/' . $path;
}

if (!in_array($_SERVER['REQUEST_METHOD'], ['PUT', 'POST'], true)) {
    header('Allow: PUT, POST');
    answer(405, 'only recordings are taken here');
}

$place = place((string) ($_GET['path'] ?? ''));
$folder = dirname($place);
if (!is_dir($folder) && !@mkdir($folder, 0755, true) && !is_dir($folder)) {
    answer(507, 'no folder for it');
}
$draft = tempnam($folder, '.draft-');
$target = fopen($draft, 'wb');
$taken = stream_copy_to_stream(fopen('php://input', 'rb'), $target);
$is_written = $taken !== false && fflush($target) && fsync($target) && fclose($target);

// A spool that is full cuts the body with no more than a warning: only the announced length tells.
$announced = $_SERVER['CONTENT_LENGTH'] ?? null;
if (!$is_written || ($announced !== null && (int) $announced !== $taken)) {
    unlink($draft);
    answer($is_written ? 400 : 507, 'it did not arrive whole');
}
$is_new = !file_exists($place);
chmod($draft, 0644);
if (!rename($draft, $place)) {
    unlink($draft);
    answer(507, 'it cannot have that name');
}
answer($is_new ? 201 : 200, $taken . ' bytes');
