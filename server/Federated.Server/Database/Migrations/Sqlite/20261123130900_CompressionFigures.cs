using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Federated.Server.Database.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class CompressionFigures : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "bytes_down",
                table: "counted_updates",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "contraction",
                table: "counted_updates",
                type: "REAL",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "error_norm",
                table: "counted_updates",
                type: "REAL",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "saturated",
                table: "counted_updates",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "down_error",
                table: "rounds",
                type: "REAL",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "bytes_down",
                table: "counted_updates");

            migrationBuilder.DropColumn(
                name: "contraction",
                table: "counted_updates");

            migrationBuilder.DropColumn(
                name: "error_norm",
                table: "counted_updates");

            migrationBuilder.DropColumn(
                name: "saturated",
                table: "counted_updates");

            migrationBuilder.DropColumn(
                name: "down_error",
                table: "rounds");
        }
    }
}
